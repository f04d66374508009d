// Re-makes an ID Token that was issued properly: with other claims, or with a signature that does not hold. This
// is what the modules of the OpenID conformance suite for relying parties send (oidcc-client-test-*).

import { createHmac, createPrivateKey, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

export const keyID = (jwt) => decode(jwt.split('.')[0]).kid;

const signed = (header, payload, key, digest = 'RSA-SHA256') => {
  const input = `${encode(header)}.${encode(payload)}`;
  return { input, signature: createSign(digest).update(input).sign(key) };
};
const compact = ({ input, signature }) => `${input}.${signature.toString('base64url')}`;

// Ways to sign: each takes the header, the claims and the private key that belongs to the token.
const signatures = {
  good: (header, payload, key) => compact(signed(header, payload, key)),
  bad: (header, payload, key) => {
    const jwt = signed(header, payload, key);
    jwt.signature[17] ^= 1;
    return compact(jwt);
  },
  none: (header, payload) => `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`,
  // The public key taken for an HMAC secret: RFC 8725, section 2.1.
  hs256: (header, payload, key) => {
    const input = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`;
    const secret = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    return compact({ input, signature: createHmac('sha256', secret).update(input).digest() });
  },
  'other-key': (header, payload) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return compact(signed(header, payload, privateKey));
  },
  'unknown-kid': (header, payload, key) => compact(signed({ ...header, kid: 'no-such-key' }, payload, key)),
  'no-kid': ({ kid, ...header }, payload, key) => compact(signed(header, payload, key)),
  rs384: (header, payload, key) => compact(signed({ ...header, alg: 'RS384' }, payload, key, 'RSA-SHA384')),
};

export const signatureKinds = Object.keys(signatures);

// set replaces claims, remove drops them, shift adds to numeric ones.
export function remake(jwt, jwk, { set = {}, remove = [], shift = {}, sig = 'good' }) {
  const [header, claims] = jwt.split('.').slice(0, 2).map(decode);
  Object.assign(claims, set);
  for (const claim of remove) delete claims[claim];
  for (const [claim, by] of Object.entries(shift)) claims[claim] += by;
  return signatures[sig](header, claims, createPrivateKey({ key: jwk, format: 'jwk' }));
}
