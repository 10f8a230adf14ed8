import type { IPolicyValidationPlugin } from 'aws-cdk-lib';
import { brokenRules, readTemplates, rules } from '../rules/index.ts';
import { cfnLint } from './cfn-lint.ts';
import { judgeIam } from './iam/index.ts';

export interface Verdict {
  /** What is true when there are no findings. */
  verdict: string;
  /** One line each. */
  findings: string[];
}

/** Those outside CDK, each of the templates in a folder. */
const judges: ((directory: string) => Promise<Verdict>)[] = [
  async (directory) => ({
    verdict: `${rules.length} rules of our own hold`,
    findings: brokenRules(readTemplates(directory)),
  }),
  async (directory) => {
    const { judged, findings } = await judgeIam(readTemplates(directory));
    return { verdict: `IAM: ${judged} calls are judged rightly`, findings };
  },
  async (directory) => ({ verdict: 'cfn-lint finds nothing', findings: await cfnLint(directory) }),
];

/**
 * Starts the judges as soon as the templates are written: CDK's own validation then keeps this process busy for several
 * seconds, and a judge in a process of its own works meanwhile.
 */
export class TemplateJudges implements IPolicyValidationPlugin {
  readonly name = 'Judges of templates';
  readonly #directory: string;
  #verdicts: Promise<Verdict[]> = Promise.resolve([]);

  constructor(directory: string) {
    this.#directory = directory;
  }

  validate() {
    // The last one, a process of its own, is on its way before the others keep this process busy.
    this.#verdicts = Promise.all(judges.toReversed().map((judge) => judge(this.#directory))).then(
      (verdicts) => verdicts.toReversed(),
    );
    // Its failure is said by `verdicts`, unless CDK's judges have ended the synthesis before.
    this.#verdicts.catch(() => undefined);
    return { success: true, violations: [] };
  }

  /** What they found, in the order in which they are listed. */
  verdicts(): Promise<Verdict[]> {
    return this.#verdicts;
  }
}
