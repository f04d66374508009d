// How the login servers of the three vendors differ. Secrets, names and lifetimes are made up or the
// vendors' documented ones; see README.md.

import { errors } from 'oidc-provider';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Any port will do at these (RFC 8252, section 7.3).
const loopback = ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://[::1]/callback'];

// What can be set, and its defaults. Lifetimes are in seconds.
export const defaults = {
  host: '127.0.0.1', // or localhost, or ::1
  port: 0,
  tls: null, // { cert, key }: paths of PEM files
  refreshTTL: 30 * DAY, // of each refresh token; the login itself lasts 30 days
  timelog: { accessTTL: HOUR, redirectURIs: loopback },
  timeneye: { accessTTL: DAY, redirectURIs: loopback },
  protime: {
    accessTTL: 30 * MINUTE,
    tokenLimit: 0, // token requests of a tenant in a window, after which the answer is 429; 0: no limit
    tokenWindow: 10,
    retryAfter: 'seconds', // or date, or none
  },
};

// A native client may use any port of a loopback host, but not https there; a web application needs https.
const applicationType = (redirectURIs) => (redirectURIs.every((uri) => uri.startsWith('https:')) ? 'web' : 'native');

const userTTLs = (accessTTL, refreshTTL) => ({
  AccessToken: accessTTL, AuthorizationCode: MINUTE, IdToken: 5 * MINUTE, RefreshToken: refreshTTL,
  Interaction: 10 * MINUTE, Session: HOUR, Grant: 30 * DAY,
});

// The hybrid flow of a confidential client. PKCE is enforced when a challenge was sent.
const timelog = ({ timelog: { accessTTL, redirectURIs }, refreshTTL }) => ({
  name: 'timelog',
  mount: '/timelog',
  client: {
    client_id: 'timelog-client',
    client_secret: 'timelog-secret-0123456789abcdef0123456789abcdef',
    application_type: applicationType(redirectURIs),
    response_types: ['code id_token'],
    grant_types: ['authorization_code', 'refresh_token', 'implicit'],
    redirect_uris: redirectURIs,
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: 'RS256',
    scope: 'openid offline_access tlp',
  },
  provider: {
    scopes: ['openid', 'offline_access', 'tlp'],
    responseTypes: ['code id_token'],
    pkce: { required: () => false },
    ttl: userTTLs(accessTTL, refreshTTL),
    features: { resourceIndicators: { enabled: false } },
  },
});

// Authorization code with PKCE of a public client.
const timeneye = ({ timeneye: { accessTTL, redirectURIs }, refreshTTL }) => ({
  name: 'timeneye',
  mount: '/timeneye',
  defaultScope: 'api offline_access',
  client: {
    client_id: 'timeneye-client',
    application_type: applicationType(redirectURIs),
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: redirectURIs,
    token_endpoint_auth_method: 'none',
  },
  provider: {
    scopes: ['openid', 'offline_access', 'api'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    ttl: userTTLs(accessTTL, refreshTTL),
    features: { resourceIndicators: { enabled: false } },
  },
});

const protimeScopes = [
  'connector-protimeapi-clockings.read',
  'connector-protimeapi-clockings.write',
  'connector-protimeapi-people.read',
];

// Client credentials. Each tenant has an issuer and a secret of its own.
const protime = (tenant, { protime: { accessTTL, tokenLimit, tokenWindow, retryAfter } }) => ({
  name: `protime-${tenant}`,
  mount: `/tenants/${tenant}`,
  rateLimit: { limit: tokenLimit, windowSeconds: tokenWindow, retryAfter },
  client: {
    client_id: 'protime-client',
    client_secret: `protime-secret-${tenant}-0123456789abcdef01234567`,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'client_secret_post',
    scope: protimeScopes.join(' '),
  },
  provider: {
    scopes: [...protimeScopes, 'connector-protimeapi-admin'], // the last is not the client's
    ttl: { ClientCredentials: accessTTL },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: { // by which the access tokens become JWTs, as Protime's are
        enabled: true,
        defaultResource: () => `urn:protime:${tenant}`,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== `urn:protime:${tenant}`) throw new errors.InvalidTarget();
          return {
            scope: protimeScopes.join(' '), audience: resource, accessTokenTTL: accessTTL,
            accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
  },
});

export const vendors = (settings) => [timelog(settings), timeneye(settings), protime('acme', settings), protime('globex', settings)];
