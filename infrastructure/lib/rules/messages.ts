import { each, type Rule } from './rule.ts';
import { containersOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const providerLists = /^KYO_(SMS|EMAIL)_PROVIDERS$/;
const listsOf = (templates: Templates) =>
  containersOf(templates).flatMap(({ Environment = [] }) =>
    (Environment as Properties[]).filter(({ Name }) => providerLists.test(Name)),
  );

/** What roles may send, as which sender. */
const sending = (templates: Templates) =>
  resourcesOf(templates, 'AWS::IAM::Policy').flatMap(({ properties }) =>
    (properties.PolicyDocument.Statement as Properties[]).filter(({ Action }) =>
      [Action].flat().some((action) => /^(ses|sms-voice):Send/.test(action)),
    ),
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
  {
    name: 'messages are sent as the stage, and as no other sender of the account',
    findings: (templates) => [
      ...(sending(templates).length > 0 ? [] : ['nothing may send']),
      ...each(
        sending(templates),
        ({ Sid, Resource, Condition }) =>
          JSON.stringify(Resource).includes('*') &&
          Condition?.StringEquals?.['ses:FromAddress'] === undefined &&
          `${Sid}: ${JSON.stringify(Resource)}`,
      ),
    ],
    reintroduce: (templates) => {
      for (const statement of sending(templates)) statement.Condition = undefined;
    },
  },
];
