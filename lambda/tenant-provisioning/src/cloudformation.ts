import { z } from 'zod';

/** What CloudFormation sends to a custom resource (AWS CloudFormation User Guide, "Custom resource request objects"). */
export const customResourceEvent = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});
export type CustomResourceEvent = z.infer<typeof customResourceEvent>;

const timeoutMilliseconds = 10_000;

/** Tells CloudFormation how it went; without an answer it would wait for as long as the resource's timeout. */
export async function answerCloudFormation(event: CustomResourceEvent, failure?: string): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const response = await fetch(ResponseURL, {
    method: 'PUT',
    // The URL is signed for no content type; fetch would name one for a text.
    headers: { 'content-type': '' },
    body: JSON.stringify({
      Status: failure === undefined ? 'SUCCESS' : 'FAILED',
      ...(failure !== undefined && { Reason: failure }),
      // Always the same: another one would have CloudFormation delete what it takes for the old resource.
      PhysicalResourceId: event.PhysicalResourceId ?? LogicalResourceId,
      StackId,
      RequestId,
      LogicalResourceId,
    }),
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  if (!response.ok) throw new Error(`CloudFormation answered ${response.status}.`);
}
