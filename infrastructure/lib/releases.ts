import { GetParameterHistoryCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import type { Stage } from '../config/index.ts';
import { releaseParameterOf } from './constructs/names.ts';

const release = z.object({
  /** The commit it was made from. */
  revision: z.string(),
  /** Digests of its images, by service. */
  images: z.record(z.string(), z.string()),
  /** Which pages are served with it: see `uploadSite`. */
  site: z.string(),
});
export type Release = z.infer<typeof release>;

/**
 * What a stage has run, newest last: the history of one parameter, of which AWS keeps a hundred versions. A release is
 * written down when its deployment has succeeded, so the last one is what runs.
 */
export async function releasesOf(stage: Stage, ssm: SSMClient): Promise<Release[]> {
  const releases: Release[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ssm
      .send(new GetParameterHistoryCommand({ Name: releaseParameterOf(stage), NextToken }))
      .catch((error: Error) => {
        if (error.name === 'ParameterNotFound') return { Parameters: [], NextToken: undefined };
        throw error;
      });
    for (const { Value = '' } of page.Parameters ?? []) releases.push(release.parse(JSON.parse(Value)));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return releases;
}

/** Writes down what runs from now on. The same release again adds nothing. */
export async function recordRelease(stage: Stage, next: Release, ssm: SSMClient): Promise<void> {
  const current = (await releasesOf(stage, ssm)).at(-1);
  if (current && isSame(current, next) && current.revision === next.revision) return;
  await ssm.send(
    new PutParameterCommand({
      Name: releaseParameterOf(stage),
      Type: 'String',
      Value: JSON.stringify(next),
      Overwrite: true,
    }),
  );
}

/**
 * What ran before the images and pages of now came: going back again from a release one has gone back to leads further back, and
 * never forward to what was wrong.
 * @throws {RangeError} when nothing ran before.
 */
export function releaseBefore(releases: readonly Release[]): Release {
  const current = releases.at(-1);
  const firstOfCurrent = releases.findIndex((each) => current !== undefined && isSame(each, current));
  const before = releases[firstOfCurrent - 1];
  if (!before)
    throw new RangeError('There is no release to go back to: nothing else has been deployed here.');
  return before;
}

function isSame(a: Release, b: Release): boolean {
  const names = Object.keys(a.images);
  return (
    a.site === b.site &&
    names.length === Object.keys(b.images).length &&
    names.every((name) => a.images[name] === b.images[name])
  );
}
