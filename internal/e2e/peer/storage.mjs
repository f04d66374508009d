// What one issuer has handed out, in memory. See the adapter interface of oidc-provider.

export function newStorage() {
  const rows = new Map(); // 'Model:id' -> { payload, expires }

  const find = (model, predicate) => {
    for (const [key, { payload }] of rows) {
      if (key.startsWith(`${model}:`) && predicate(payload)) return payload;
    }
    return undefined;
  };

  return class Adapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expires = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
      rows.set(`${this.model}:${id}`, { payload, expires });
    }

    async find(id) {
      const row = rows.get(`${this.model}:${id}`);
      return row && row.expires > Date.now() ? row.payload : undefined;
    }

    async findByUid(uid) {
      return find(this.model, (payload) => payload.uid === uid);
    }

    async findByUserCode(code) {
      return find(this.model, (payload) => payload.userCode === code);
    }

    // A used token is kept and marked, so that its second use is noticed.
    async consume(id) {
      rows.get(`${this.model}:${id}`).payload.consumed = Math.floor(Date.now() / 1000);
    }

    async destroy(id) {
      rows.delete(`${this.model}:${id}`);
    }

    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of rows) if (payload.grantId === grantId) rows.delete(key);
    }
  };
}
