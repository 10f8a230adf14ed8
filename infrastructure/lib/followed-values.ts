// Values between stacks. CDK writes them as Fn::GetStackOutput, which CloudFormation resolves when the stack that takes the
// value is updated for another reason, and of which a change set does not know the value: it may plan the replacement of
// what has not changed (docs/adr/0026-deployments.md). So templates are deployed in another form: the stack that has the
// value writes it into a parameter of Systems Manager, the other one takes it as a template parameter of that type. Those
// CloudFormation reads anew in every deployment, and knows before it changes anything.

// biome-ignore lint/suspicious/noExplicitAny: templates are as deep and as different as CloudFormation itself.
type Json = any;

interface Place {
  stackName: string;
  region: string;
}

/** What CDK calls the outputs that it makes for other stacks. */
const published = /^PublishOutput/;
const parameterType = 'AWS::SSM::Parameter::Value<String>';

/** `kyo-dev-edge-global` → `/kyo/dev/edge-global/…` */
function nameOf(stackName: string, output: string): string {
  const [prefix, stage, ...stack] = stackName.split('-');
  return `/${prefix}/${stage}/${stack.join('-')}/${output}`;
}

/** The template as it is deployed. Values from another region stay as they are: parameters do not cross regions. */
export function followValues(template: Json, { stackName, region }: Place): Json {
  const parameters: Json = {};
  const followed = replace(template, (node) => {
    const reference = node['Fn::GetStackOutput'];
    if (!reference || (reference.Region ?? region) !== region) return undefined;
    const name = nameOf(reference.StackName, reference.OutputName);
    const id = `From${name.replaceAll(/[^A-Za-z0-9]/g, '')}`;
    parameters[id] = { Type: parameterType, Default: name };
    return { Ref: id };
  });
  return {
    ...followed,
    Parameters: { ...followed.Parameters, ...parameters },
    Resources: { ...followed.Resources, ...written(followed.Outputs ?? {}, stackName) },
  };
}

/** One after the other: Systems Manager takes three of them a second (AWS: Systems Manager endpoints and quotas). */
function written(outputs: Json, stackName: string): Json {
  const ids = Object.keys(outputs).filter((id) => published.test(id));
  return Object.fromEntries(
    ids.map((id, index) => [
      `${id}Parameter`,
      {
        Type: 'AWS::SSM::Parameter',
        Properties: { Type: 'String', Name: nameOf(stackName, id), Value: outputs[id].Value },
        ...(index > 0 && { DependsOn: `${ids[index - 1]}Parameter` }),
      },
    ]),
  );
}

/** The template with its references to other stacks as references again: for those who ask where a value comes from. */
export function asReferences<T>(template: T): T {
  const parameters = (template as Json).Parameters ?? {};
  return replace(template, (node) => {
    const { Type, Default } = parameters[node.Ref] ?? {};
    if (Type !== parameterType) return undefined;
    const [, prefix, stage, stack, OutputName] = /^\/(kyo)\/([^/]+)\/([^/]+)\/(.+)$/.exec(Default) ?? [];
    if (OutputName === undefined) return undefined;
    return { 'Fn::GetStackOutput': { StackName: `${prefix}-${stage}-${stack}`, OutputName } };
  });
}

/** Every intrinsic, an object with one key, for which there is another one. */
function replace(node: Json, other: (intrinsic: Json) => Json | undefined): Json {
  if (Array.isArray(node)) return node.map((item) => replace(item, other));
  if (node === null || typeof node !== 'object') return node;
  if (Object.keys(node).length === 1) {
    const found = other(node);
    if (found !== undefined) return found;
  }
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, replace(item, other)]));
}
