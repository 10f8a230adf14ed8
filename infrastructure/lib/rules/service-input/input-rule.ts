import type { Properties, Templates } from '../templates.ts';

/** A resource as its service gets it: no reference is left in its properties. */
export interface ServiceResource {
  type: string;
  /** For findings: the stack and the logical id. */
  name: string;
  properties: Properties;
}

/** What there is around a resource. In an account, that is what has been created so far. */
export interface Surroundings {
  region: string;
  /** Every resource of the type, the judged one included. */
  all(type: string): ServiceResource[];
  /** Those of the type that exist for certain when the judged one is created. */
  before(type: string): ServiceResource[];
  /** The resource that has this physical id or ARN. */
  find(reference: unknown): ServiceResource | undefined;
}

/**
 * What a service refuses, and neither CloudFormation nor a linter notices before. The same rule judges templates, and
 * resources that a deployment to the emulator creates.
 */
export interface InputRule {
  /** What has to hold, as a sentence. */
  name: string;
  type: string;
  /** The service's answer, in its own words where they are documented; undefined when it takes the resource. */
  refuses(properties: Properties, surroundings: Surroundings): string | undefined | false;
  /** Properties that bring the fault into a resource of the type, or what brings it into the templates. */
  fault: Properties | ((templates: Templates) => void);
}
