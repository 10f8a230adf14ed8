import type { APIGatewayProxyEvent } from 'aws-lambda';
import { z } from 'zod';

/** From which address a request came; null where that is not known. */
export type AddressOf = (event: Pick<APIGatewayProxyEvent, 'headers' | 'requestContext'>) => string | null;

/** In which CloudFront says who its viewer is. It replaces what a viewer sends under this name. */
export const viewerHeader = 'x-kyo-viewer';

const address = z.union([z.ipv4(), z.ipv6()]);

/** Who opened the connection to API Gateway: on AWS an edge of CloudFront, on the laptop the caller. */
export const peerAddress: AddressOf = ({ requestContext }) => requestContext.identity?.sourceIp ?? null;

/**
 * The caller, as CloudFront says. To be believed where nobody but CloudFront reaches API Gateway: its firewall sees to that. One
 * that is no address (there is none without CloudFront) is not believed.
 */
export const viewerAddress: AddressOf = (event) => {
  const header = Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === viewerHeader);
  return address.safeParse(header?.[1]).data ?? peerAddress(event);
};
