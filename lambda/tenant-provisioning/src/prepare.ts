import { loadConfig } from '@kyong/service-kit';
import { answerCloudFormation, customResourceEvent } from './cloudformation.ts';
import { lambdaLogger } from './composition.ts';
import { prepareConfig } from './config.ts';
import { prepareRelease } from './prepare-release.ts';
import { rotateLogins, rotationRequest } from './rotate-logins.ts';

const config = loadConfig(prepareConfig, process.env);
const logger = lambdaLogger('prepare', config.KYO_LOG_LEVEL);

/**
 * CloudFormation calls it before anything uses the master database: what a release needs is there, or the release stops. An
 * operator's command calls it to change the logins.
 */
export const handler = async (payload: unknown): Promise<string[] | undefined> => {
  const rotation = rotationRequest.safeParse(payload);
  if (rotation.success) return rotateLogins(rotation.data, config);
  const event = customResourceEvent.parse(payload);
  try {
    // What is prepared goes with the database and the secrets themselves.
    if (event.RequestType !== 'Delete') logger.info(await prepareRelease(config), 'prepared');
    await answerCloudFormation(event);
  } catch (error) {
    logger.error({ err: error }, 'the release cannot be prepared');
    await answerCloudFormation(
      event,
      'The master database could not be prepared: see the log of the function "prepare".',
    );
  }
  return undefined;
};
