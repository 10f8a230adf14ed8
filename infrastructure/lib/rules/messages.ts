import { each, type Rule } from './rule.ts';
import { containersOf, type Properties, type Templates } from './templates.ts';

const providerLists = /^KYO_(SMS|EMAIL)_PROVIDERS$/;
const listsOf = (templates: Templates) =>
  containersOf(templates).flatMap(({ Environment = [] }) =>
    (Environment as Properties[]).filter(({ Name }) => providerLists.test(Name)),
  );

export const messageRules: Rule[] = [
  {
    name: 'codes are sent to people, and kept for nobody to look at',
    findings: (templates) => [
      ...(listsOf(templates).length === 2 ? [] : ['SMS or e-mail has no providers']),
      ...each(
        listsOf(templates),
        ({ Name, Value }) => String(Value).split(',').includes('outbox') && `${Name}: ${Value}`,
      ),
    ],
    reintroduce: (templates) => {
      for (const list of listsOf(templates)) list.Value = 'outbox';
    },
  },
];
