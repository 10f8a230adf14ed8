import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DefaultStackSynthesizer,
  FileAssetPackaging,
  type FileAssetSource,
  type ISynthesisSession,
} from 'aws-cdk-lib';
import { followValues } from '../followed-values.ts';

/** Writes a stack's template so that the values it takes from other stacks are followed: see `followValues`. */
export class FollowingSynthesizer extends DefaultStackSynthesizer {
  protected override synthesizeTemplate(
    session: ISynthesisSession,
    ...lookup: [string?, string?, Record<string, unknown>?]
  ): FileAssetSource {
    super.synthesizeTemplate(session, ...lookup);
    const { templateFile: fileName, stackName, region } = this.boundStack;
    const file = join(session.assembly.outdir, fileName);
    const template = followValues(JSON.parse(readFileSync(file, 'utf8')), { stackName, region });
    const text = JSON.stringify(template, undefined, 1);
    writeFileSync(file, text);
    return {
      fileName,
      packaging: FileAssetPackaging.FILE,
      sourceHash: createHash('sha256').update(text).digest('hex'),
      deployTime: true,
    };
  }
}
