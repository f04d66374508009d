// The peer of worktime's end-to-end tests: an OpenID provider by other people, set up like the vendors' login
// servers, on loopback only. README.md says how to run it.

import http from 'node:http';
import https from 'node:https';
import { readFileSync } from 'node:fs';

// oidc-provider 9 needs it; node 20 does not have it.
URL.parse ??= (input, base) => (URL.canParse(input, base) ? new URL(input, base) : null);

const { defaults, vendors } = await import('./vendors.mjs');
const { Issuer } = await import('./issuer.mjs');

// The settings are one JSON object; those that are left out keep their defaults.
function merged(base, given, path = '') {
  for (const name of Object.keys(given)) {
    if (!(name in base)) throw new Error(`no such setting: ${path}${name}`);
  }
  const nested = (name) => base[name]?.constructor === Object;
  return Object.fromEntries(Object.keys(base).map((name) => [
    name, nested(name) ? merged(base[name], given[name] ?? {}, `${path}${name}.`) : given[name] ?? base[name],
  ]));
}

const settings = merged(defaults, JSON.parse(process.argv[2] ?? '{}'));
if (!['127.0.0.1', 'localhost', '::1'].includes(settings.host)) throw new Error('host: 127.0.0.1, localhost or ::1');
if (!['seconds', 'date', 'none'].includes(settings.protime.retryAfter)) throw new Error('protime.retryAfter: seconds, date or none');
const issuers = vendors(settings).map((vendor) => new Issuer(vendor));

function json(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

async function body(req) {
  let text = '';
  for await (const chunk of req) text += chunk;
  return text ? JSON.parse(text) : {};
}

// /_peer/<issuer>/<verb>
async function control(req, res, path) {
  const [name, verb] = path.split('/').slice(2);
  const issuer = issuers.find(({ vendor }) => vendor.name === name);
  const verbs = issuer && {
    'GET stats': () => issuer.stats(),
    'GET log': () => issuer.log(),
    'POST fault': (args) => issuer.fault(args),
    'POST mutate': (args) => issuer.mutate(args),
    'POST rotate-keys': (args) => issuer.rotateKeys(args),
    'POST reset': () => issuer.reset(),
  };
  const call = verbs?.[`${req.method} ${verb}`];
  if (!call) json(res, 404, { issuers: issuers.map(({ vendor }) => vendor.name), verbs: verbs && Object.keys(verbs) });
  else json(res, 200, await call(await body(req)) ?? {});
}

async function route(req, res) {
  const { pathname } = new URL(req.url, 'http://peer');
  if (pathname.startsWith('/_peer/')) return control(req, res, pathname);
  const issuer = issuers.find(({ vendor }) => pathname.startsWith(`${vendor.mount}/`));
  return issuer ? issuer.handle(req, res) : json(res, 404, { error: 'not found' });
}

function listener(req, res) {
  route(req, res).catch((err) => {
    if (res.headersSent) res.destroy();
    else json(res, 400, { error: err.error ?? err.message });
  });
}

const { tls, host, port } = settings;
const server = tls
  ? https.createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, listener)
  : http.createServer(listener);
await new Promise((resolve, reject) => { server.on('error', reject).listen(port, host, resolve); });

const origin = `${tls ? 'https' : 'http'}://${host === '::1' ? '[::1]' : host}:${server.address().port}`;
for (const issuer of issuers) issuer.start(origin);
const [timelog, timeneye, acme, globex] = issuers.map((issuer) => issuer.describe());
console.log(JSON.stringify({ timelog, timeneye, protime: { acme, globex } }));

// It ends with whoever started it: at the end of standard input.
const stop = () => { server.close(); server.closeAllConnections(); };
process.stdin.on('end', stop).on('error', stop).resume();
process.on('SIGINT', stop).on('SIGTERM', stop);
