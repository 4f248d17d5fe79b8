// An OpenID provider for the journeys: the real `oidc-provider`, with people who exist only here.
//
// Prints its issuer. It is on 127.0.0.1 while the site is on localhost, so that the two are different sites to
// the browser, as in life. POST /test sets where it sends people back to and which of its paths are out of order.
import { createServer } from "node:http";
import { randomBytes } from "node:crypto";
import { Provider } from "oidc-provider";

const SECRET = process.env.SIGILO_OIDC_CLIENT_SECRET;

const PEOPLE = {
  nina: { name: "Nina Falcão Portela", email: "nina.portela@clinica.example", email_verified: true },
  lia: { name: "Lia Serpa Andrada", email: "lia.andrada@clinica.example", email_verified: true },
  rui: { name: "Rui Bandeira Sales", email: "rui.sales@clinica.example", email_verified: false },
};

const state = { redirect: "http://localhost/entrar/oidc/retorno", down: "" };

/** Rows of the provider in memory; the client is made up from what the test said. */
class Memory {
  static rows = new Map();
  static grants = new Map();
  constructor(kind) {
    this.kind = kind;
  }
  key(id) {
    return `${this.kind}:${id}`;
  }
  async find(id) {
    if (this.kind !== "Client") return Memory.rows.get(this.key(id));
    return {
      client_id: id,
      client_secret: SECRET,
      redirect_uris: [state.redirect],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    };
  }
  async upsert(id, payload) {
    Memory.rows.set(this.key(id), payload);
    if (payload.grantId) {
      const keys = Memory.grants.get(payload.grantId) ?? [];
      Memory.grants.set(payload.grantId, [...keys, this.key(id)]);
    }
  }
  async findByUid(uid) {
    return [...Memory.rows.values()].find((row) => row.kind === this.kind && row.uid === uid);
  }
  async findByUserCode() {}
  async consume(id) {
    Memory.rows.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    Memory.rows.delete(this.key(id));
  }
  async revokeByGrantId(grant) {
    for (const key of Memory.grants.get(grant) ?? []) Memory.rows.delete(key);
  }
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    adapter: Memory,
    // As Google does: the e-mail is in the identity token itself.
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => PEOPLE[id] && { accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) },
  });
  const handle = provider.callback();
  server.on("request", async (request, response) => {
    if (request.url === "/test") {
      let body = "";
      for await (const part of request) body += part;
      Object.assign(state, JSON.parse(body));
      response.writeHead(204).end();
    } else if (state.down && request.url.startsWith(state.down)) {
      request.socket.destroy();
    } else {
      handle(request, response);
    }
  });
  console.log(issuer);
});
process.stdin.resume().on("end", () => process.exit(0));
