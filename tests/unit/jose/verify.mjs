/**
 * Verifies a receipt with npm `jose`, which knows nothing of this service.
 * Standard input: `{"jwks": <JWK set>, "token": "<compact JWS>"}`.
 * Standard output: `{"header": {...}, "payload": "<base64>"}`. Fails where it does not verify.
 */
import { text } from "node:stream/consumers";
import { compactVerify, createLocalJWKSet } from "jose";

const { jwks, token } = JSON.parse(await text(process.stdin));
const { payload, protectedHeader } = await compactVerify(token, createLocalJWKSet(jwks));
console.log(
  JSON.stringify({ header: protectedHeader, payload: Buffer.from(payload).toString("base64") }),
);
