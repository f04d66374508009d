// One issuer: oidc-provider, a login without a page, and what a test needs to look into it.

import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { createLocalJWKSet, jwtVerify } from 'jose';
import Provider from 'oidc-provider';

import { keyID, remake, signatureKinds } from './idtoken.mjs';
import { newStorage } from './storage.mjs';
import { RateLimit, TokenRequests, digest } from './tokenrequests.mjs';

const places = ['front', 'back', 'refresh'];

async function newKey() {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

function json(res, status, body, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  res.end(JSON.stringify(body));
}

export class Issuer {
  #storage = newStorage();
  #cookieKeys = [randomUUID()];
  #keys = [];
  #ready;
  #provider;
  #listener;
  #requests = {};
  #mutations = []; // { where, left, set, remove, shift, sig }
  #tokenRequests;

  // vendor says how this issuer differs from the others: see vendors.mjs.
  constructor(vendor) {
    this.vendor = vendor;
    const answer = async (req, res) => {
      await this.#prepare();
      await this.#listener(req, res);
    };
    this.#tokenRequests = new TokenRequests(answer, vendor.rateLimit && new RateLimit(vendor.rateLimit));
  }

  start(origin) {
    this.url = `${origin}${this.vendor.mount}`;
  }

  // Waits for the first key. Most tests use one issuer, and making keys is what takes longest at the start.
  async #prepare() {
    this.#ready ??= this.#sign([]);
    await this.#ready;
  }

  // Makes a new signing key; the old ones stay published.
  async #sign(old) {
    this.#keys = [await newKey(), ...old];
    this.#build();
  }

  // What a test is told of the issuer.
  describe() {
    const { client_id, client_secret, redirect_uris, scope } = this.vendor.client;
    return {
      issuer: this.url,
      authorization_endpoint: `${this.url}/connect/authorize`,
      token_endpoint: `${this.url}/connect/token`,
      revocation_endpoint: `${this.url}/connect/revocation`,
      jwks_uri: `${this.url}/.well-known/openid-configuration/jwks`,
      whoami: `${this.url}/whoami`,
      control: new URL(`/_peer/${this.vendor.name}`, this.url).href,
      client_id, client_secret, redirect_uris, scope,
    };
  }

  // A new signing key. The old ones stay published unless forget is true.
  async rotateKeys({ forget = false }) {
    await this.#prepare();
    await this.#sign(forget ? [] : this.#keys);
    return { kids: this.#keys.map(({ kid }) => kid) };
  }

  mutate({ where, n = 1, ...rest }) {
    if (!places.includes(where)) throw new Error(`where: ${places.join(', ')}`);
    if (rest.sig && !signatureKinds.includes(rest.sig)) throw new Error(`sig: ${signatureKinds.join(', ')}`);
    this.#mutations.push({ where, left: n, ...rest });
  }

  fault(fault) {
    this.#tokenRequests.arm(fault);
  }

  stats() {
    return { requests: this.#requests, ...this.#tokenRequests.stats() };
  }

  log() {
    return this.#tokenRequests.log;
  }

  reset() {
    this.#requests = {};
    this.#mutations = [];
    this.#tokenRequests.reset();
  }

  #build() {
    const { mount, client, provider: own } = this.vendor;
    this.#provider = new Provider(this.url, {
      adapter: this.#storage,
      clients: [client],
      jwks: { keys: this.#keys },
      cookies: { keys: this.#cookieKeys },
      routes: {
        authorization: '/connect/authorize',
        token: '/connect/token',
        userinfo: '/connect/userinfo',
        revocation: '/connect/revocation',
        introspection: '/connect/introspect',
        end_session: '/connect/endsession',
        jwks: '/.well-known/openid-configuration/jwks',
      },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      interactions: { url: (_ctx, { uid }) => `${mount}/interaction/${uid}` },
      issueRefreshToken: async (_ctx, { grantTypes }, { scopes }) => grantTypes.includes('refresh_token') && scopes.has('offline_access'),
      expiresWithSession: async () => false,
      rotateRefreshToken: true, // good for one use; a second one revokes the grant (RFC 9700, section 4.14.2)
      renderError: async (ctx, out) => { ctx.type = 'json'; ctx.body = out; },
      ...own,
      features: { devInteractions: { enabled: false }, revocation: { enabled: true }, ...own.features },
    });
    this.#observe();
    this.#mutateIDTokens();
    this.#listener = this.#provider.callback();
  }

  // Notes in the log what oidc-provider decided.
  #observe() {
    const provider = this.#provider;
    provider.on('grant.success', ({ req, oidc, body }) => {
      Object.assign(req.entry, { subject: oidc.entities.Account?.accountId, issued: digest(body.refresh_token) });
    });
    provider.on('grant.error', ({ req }, err) => {
      Object.assign(req.entry, { error: err.error, reuse: err.error_detail === 'refresh token already used' });
    });
    provider.on('grant.revoked', ({ req }) => { if (req.entry) req.entry.revoked = true; });
    provider.on('server_error', (_ctx, err) => console.error(this.vendor.name, err));
  }

  #mutateIDTokens() {
    const { prototype } = this.#provider.IdToken;
    const { issue } = prototype;
    const take = (ctx) => {
      const { route, params } = ctx.oidc;
      let where = 'front';
      if (route === 'token') where = params.grant_type === 'refresh_token' ? 'refresh' : 'back';
      const mutation = this.#mutations.find((m) => m.where === where && m.left > 0);
      if (mutation) mutation.left -= 1;
      return mutation;
    };
    const keyOf = (jwt) => this.#keys.find(({ kid }) => kid === keyID(jwt));
    prototype.issue = async function issueMutated(options) {
      const jwt = await issue.call(this, options);
      const mutation = options.use === 'idtoken' ? take(this.ctx) : undefined;
      return mutation ? remake(jwt, keyOf(jwt), mutation) : jwt;
    };
  }

  // Logs a user in and consents to all that was asked for. login_hint says who, 'user-1' if it is
  // absent; 'deny' refuses.
  async #login(req, res) {
    const provider = this.#provider;
    const { params, grantId: known } = await provider.interactionDetails(req, res);
    const finish = (result) => provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    if (params.login_hint === 'deny') {
      await finish({ error: 'access_denied', error_description: 'the user said no' });
      return;
    }
    const accountId = params.login_hint ?? 'user-1';
    const grant = (known && await provider.Grant.find(known)) || new provider.Grant({ accountId, clientId: params.client_id });
    if (params.scope) grant.addOIDCScope(params.scope);
    await finish({ login: { accountId, remember: false }, consent: { grantId: await grant.save() } });
  }

  // Whose token was sent. Opaque ones are looked up, JWTs verified.
  async #bearer(authorization = '') {
    const [, token] = /^bearer (\S+)$/i.exec(authorization) ?? [];
    if (!token) return undefined;
    if (token.split('.').length !== 3) {
      const found = await this.#provider.AccessToken.find(token);
      return found && { sub: found.accountId, client_id: found.clientId, scope: found.scope, exp: found.exp };
    }
    try {
      const keys = this.#keys.map(({ kty, n, e, kid, alg, use }) => ({ kty, n, e, kid, alg, use })); // the public parts
      const { payload } = await jwtVerify(token, createLocalJWKSet({ keys }), { issuer: this.url });
      return { sub: payload.sub, client_id: payload.client_id, scope: payload.scope, exp: payload.exp };
    } catch {
      return undefined;
    }
  }

  async #api(req, res, answer) {
    const owner = await this.#bearer(req.headers.authorization);
    if (owner) json(res, 200, answer(owner));
    else json(res, 401, { error: { code: 'Unauthorized', message: 'invalid token' } }, { 'www-authenticate': 'Bearer error="invalid_token"' });
  }

  // OpenID Connect Core, section 11, lets a server ignore offline_access without prompt=consent, and oidc-provider
  // does. The vendors' clients do not send it, and Timeneye's send no scope at all.
  #asTheVendorDoes(target) {
    const url = new URL(target, this.url);
    const query = url.searchParams;
    if (!query.has('scope') && this.vendor.defaultScope) query.set('scope', this.vendor.defaultScope);
    if (!query.has('prompt') && query.get('scope')?.split(' ').includes('offline_access')) query.set('prompt', 'consent');
    return url.pathname + url.search;
  }

  async handle(req, res) {
    const path = new URL(req.url, this.url).pathname.slice(this.vendor.mount.length);
    this.#requests[path] = (this.#requests[path] ?? 0) + 1;
    if (path === '/connect/authorize') req.url = this.#asTheVendorDoes(req.url);
    req.originalUrl = req.url; // by which oidc-provider knows where it is mounted
    req.url = req.url.slice(this.vendor.mount.length) || '/';
    if (path === '/connect/token' && req.method === 'POST') return this.#tokenRequests.handle(req, res);
    await this.#prepare();
    switch (true) {
      case path.startsWith('/interaction/'): return this.#login(req, res);
      case path === '/whoami': return this.#api(req, res, (owner) => owner);
      case path === '/api/ResolveUri': return this.#api(req, res, () => ({ url: new URL('/account', this.url).href }));
      default: return this.#listener(req, res);
    }
  }
}
