/** What somebody who opens the documentation reads first (CommonMark). */
export const introduction = `
Kyo runs gyms. Each gym is a *tenant* with a database of its own; its people sign in with one-time passwords and edit documents
together. Everything below can be tried from this page.

### First steps

1. **Send a code.** \`POST /api/otp/send\` with \`{"channel": "sms", "to": "+886912345678", "purpose": "signup"}\`. On a laptop
   \`GET /dev/outbox?to=%2B886912345678\` stands in for the phone.
2. **Verify it.** \`POST /api/otp/verify\` with the \`requestId\` and the code gives an access token: put it into *Authorize*. It
   is good for a quarter of an hour; \`POST /api/auth/refresh\` gives the next one.
3. **Provision a tenant.** \`POST /provision-tenant\` with \`{"tenantId": "iron-temple", "plan": "free"}\` answers 202 with an
   operation: \`GET /operations/{operationId}\` until it has succeeded.
4. **Enter it.** \`POST /api/auth/refresh\` with its \`tenantId\` gives a token for that gym. The tenant of a request is always that
   of its token.
5. **Open a socket.** \`POST /api/collaboration/documents\`, then connect with Socket.IO 4 to \`/socket.io/\` with
   \`auth: {token}\` and send \`document:join\` with the \`documentId\`: the answer holds the document, a Yjs update.

### Conventions

- An error is a problem document (RFC 9457) whose \`code\` is stable: [all codes](#errors). 429 and 503 say in \`Retry-After\` when
  it is worth asking again. On AWS a firewall may answer any request with \`forbidden\` or \`rate_limited\`.
- A list takes \`cursor\` and \`limit\`; \`nextCursor\` is null on the last page. A cursor that was not given out is a 400.
- Times are RFC 3339. Text is Unicode, counted in characters: half of a surrogate pair in a body is a 400.
- A method that a path does not have is a 405 with \`Allow\`; so is \`TRACE\`. Parameters that are not described are not looked at.
`.trim();
