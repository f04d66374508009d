// The token endpoint's ways to fail, and its record of what was asked and answered.

import { createHash } from 'node:crypto';

export const faultKinds = ['drop-request', 'drop-response', 'truncate-response', 'delay', 'status'];

// At most `limit` requests in a window, after which the server wants to be left alone until it ends.
export class RateLimit {
  #from = 0;
  #count = 0;

  constructor({ limit, windowSeconds, retryAfter }) {
    Object.assign(this, { limit, windowSeconds, retryAfter });
  }

  // Undefined if the request may go on, else the headers of the refusal.
  refusal() {
    const now = Date.now();
    if (now - this.#from >= this.windowSeconds * 1000) {
      this.#from = now;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.limit === 0 || this.#count <= this.limit) return undefined;
    const wait = Math.max(1, Math.ceil((this.#from + this.windowSeconds * 1000 - now) / 1000));
    switch (this.retryAfter) {
      case 'seconds': return { 'retry-after': String(wait) };
      // With a Date of its own, since node's is up to a second old.
      case 'date': return { 'retry-after': new Date(now + wait * 1000).toUTCString(), date: new Date(now).toUTCString() };
      default: return {};
    }
  }
}

export const digest = (token) => (token ? createHash('sha256').update(token).digest('hex') : undefined);

// The body, or undefined if the client left before it was complete.
function read(req) {
  return new Promise((resolve) => {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', () => resolve(Buffer.concat(chunks).toString()));
    req.on('error', () => {}); // and then close
    req.on('close', () => resolve(undefined));
  });
}

export class TokenRequests {
  log = [];
  faults = []; // { kind, left, … }
  #queue = Promise.resolve();

  // answer is oidc-provider's request listener; its promise settles when the answer is made.
  constructor(answer, limit) {
    Object.assign(this, { answer, limit });
  }

  reset() {
    this.log = [];
    this.faults = [];
  }

  arm({ kind, n = 1, ...rest }) {
    if (!faultKinds.includes(kind)) throw new Error(`kind: ${faultKinds.join(', ')}`);
    this.faults.push({ kind, left: n, ...rest });
  }

  #nextFault() {
    const fault = this.faults.find(({ left }) => left > 0);
    if (fault) fault.left -= 1;
    return fault;
  }

  // What counts for a client is whether a refresh token was spent and whether its successor was sent.
  // The log has digests (SHA-256, hexadecimal) of both.
  // It has to be called before anything else is awaited: node discards what a client sent that has gone, unless
  // somebody is reading already.
  async handle(req, res) {
    const fault = this.#nextFault();
    const entry = { time: new Date().toISOString(), fault: fault?.kind, delivered: false };
    this.log.push(entry);
    res.on('finish', () => { entry.delivered = true; });
    if (fault?.kind === 'drop-request') { // closed before anybody has read it
      req.socket.destroy();
      return;
    }
    const body = await read(req);
    if (body === undefined) return;
    const form = new URLSearchParams(body);
    Object.assign(entry, { client_id: form.get('client_id') ?? undefined, grant_type: form.get('grant_type') ?? undefined });
    if (fault?.kind === 'status') {
      entry.status = fault.status;
      res.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    const limited = this.limit?.refusal();
    if (limited) {
      entry.status = 429;
      res.writeHead(429, { 'content-type': 'application/json', ...limited });
      res.end('{"error":{"code":"TooManyRequests","message":"too many token requests"}}');
      return;
    }
    // One by one: between looking a refresh token up and marking it used, oidc-provider lets other requests run.
    this.#queue = this.#queue.then(() => this.#carryOut(req, res, body, form, entry)).catch(console.error);
    const answer = await this.#queue;
    send(res, answer, fault);
  }

  // Has oidc-provider make the answer, and keeps it back. It is made even if the client has gone away,
  // but not given to res.end then: so issuer.mjs notes in the entry what was granted or refused.
  async #carryOut(req, res, body, form, entry) {
    req.body = body;
    req.entry = entry;
    let answer;
    res.end = (chunk) => { answer = chunk; return res; };
    await this.answer(req, res);
    delete res.end; // that of the prototype again
    Object.assign(entry, { status: res.statusCode, spent: digest(form.get('refresh_token')) });
    return answer;
  }

  stats() {
    const stats = { granted: {}, refused: {}, rate_limited: 0, reuse_detected: 0, grants_revoked: 0 };
    const count = (table, key) => { table[key] = (table[key] ?? 0) + 1; };
    for (const { grant_type: grant, status, error, fault, reuse, revoked } of this.log) {
      if (fault === 'drop-request' || fault === 'status') continue;
      if (status === 429) stats.rate_limited += 1;
      else if (error) count(stats.refused, `${grant}:${error}`);
      else if (status === 200) count(stats.granted, grant);
      if (reuse) stats.reuse_detected += 1;
      if (revoked) stats.grants_revoked += 1;
    }
    return stats;
  }
}

function send(res, answer, fault) {
  switch (fault?.kind) {
    case 'drop-response': // the server has rotated the token, and the client never hears of it
      res.socket?.destroy();
      break;
    case 'truncate-response': {
      const whole = Buffer.from(answer ?? '');
      res.write(whole.subarray(0, Math.floor(whole.length / 2)), () => res.socket?.destroy());
      break;
    }
    case 'delay':
      setTimeout(() => res.end(answer), fault.ms);
      break;
    default:
      res.end(answer);
  }
}
