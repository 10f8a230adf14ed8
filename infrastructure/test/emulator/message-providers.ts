import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';

export interface ReceivedSms {
  provider: 'aws' | 'mitake';
  /** What the provider was asked for, in its own words. */
  request: Record<string, string>;
}

export interface MessageProviders {
  received: ReceivedSms[];
  /** What leads a service to them. */
  environment: Record<string, string>;
  close(): void;
}

/** Stands in for the providers of SMS, by TLS: Mitake's HTTP API, and AWS End User Messaging, which the emulator lacks. */
export async function startMessageProviders(directory: string): Promise<MessageProviders> {
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const certificateFile = join(directory, 'providers.pem');
  writeFileSync(certificateFile, certificate.cert);
  const received: ReceivedSms[] = [];
  const server = createServer(
    { key: certificate.private, cert: certificate.cert },
    async (request, response) => {
      const body = await text(request);
      if (request.headers['x-amz-target'] === 'PinpointSMSVoiceV2.SendTextMessage') {
        received.push({ provider: 'aws', request: JSON.parse(body) });
        response.setHeader('content-type', 'application/x-amz-json-1.0');
        response.end(JSON.stringify({ MessageId: `message-${received.length}` }));
      } else if (request.url?.startsWith('/mitake/SmSend?')) {
        received.push({ provider: 'mitake', request: Object.fromEntries(new URLSearchParams(body)) });
        response.end('[1]\r\nmsgid=0000000001\r\nstatuscode=1\r\nAccountPoint=126\r\n');
      } else response.writeHead(404).end();
    },
  );
  server.listen(0);
  await once(server, 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    received,
    environment: {
      NODE_EXTRA_CA_CERTS: certificateFile,
      AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2: url,
      KYO_MITAKE_URL: `${url}/mitake/`,
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
