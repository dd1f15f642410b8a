// Signs, verifies and times with the libraries for Node.js that package.json names; `bench/node.py` asks.
//
// A line of JSON on standard input is a request, and a line of JSON on standard output its answer:
//   {"do": "make", "library", "sign", "algorithm", "key", "form", "raw", "policy"}  a task: its number
//   {"do": "call", "task", "argument"}                   what one call gives, or how it refuses
//   {"do": "time", "task", "pool", "loops", "tasks", "refuses"}   seconds for so many calls, over the pool in turn
// A pool is sent once, and meant by its absence from then on.

import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.CYJWT_BENCH_NODE}/package.json`);

function keyObject({ key, form, sign, algorithm }) {
  if (form === "JWK") {
    if (key.kty === "oct") return createSecretKey(Buffer.from(key.k, "base64url"));
    return (sign ? createPrivateKey : createPublicKey)({ key, format: "jwk" });
  }
  if (algorithm.startsWith("HS")) return createSecretKey(Buffer.from(key, "base64"));
  return (sign ? createPrivateKey : createPublicKey)(key);
}

// A maker gives a function of one argument, and says whether what that gives is to be awaited.
const makers = {
  async jose(wanted) {
    const jose = await import(pathToFileURL(require.resolve("jose")));
    const { key, form, sign, algorithm, policy } = wanted;
    const options = {
      algorithms: [algorithm], audience: policy.audience, issuer: policy.issuers, requiredClaims: ["exp"],
    };
    const load = async () => {
      if (form === "JWK") return jose.importJWK(key, algorithm);
      if (algorithm.startsWith("HS")) {
        const usages = sign ? ["sign"] : ["verify"];
        const kind = { name: "HMAC", hash: `SHA-${algorithm.slice(2)}` };
        return crypto.subtle.importKey("raw", Buffer.from(key, "base64"), kind, false, usages);
      }
      return sign ? jose.importPKCS8(key, algorithm) : jose.importSPKI(key, algorithm);
    };
    const header = { alg: algorithm, typ: "JWT" };
    const using = sign
      ? (claims, material) => new jose.SignJWT(claims).setProtectedHeader(header).sign(material)
      : async (token, material) => (await jose.jwtVerify(token, material, options)).payload;
    if (wanted.jwks || wanted.url) {
      const keys = wanted.jwks ? jose.createLocalJWKSet(wanted.jwks) : jose.createRemoteJWKSet(new URL(wanted.url));
      return { awaited: true, call: (token) => using(token, keys) };
    }
    if (wanted.raw) return { awaited: true, call: async (argument) => using(argument, await load()) };
    const ready = await load();
    return { awaited: true, call: (argument) => using(argument, ready) };
  },

  async "fast-jwt"(wanted) {
    const { createSigner, createVerifier } = require("fast-jwt");
    const { key, form, sign, algorithm, policy } = wanted;
    const text = form === "JWK" || !algorithm.startsWith("HS") ? key : Buffer.from(key, "base64");
    // Its cache hashes each token to find it, unless told to take the token itself, which its README calls quicker.
    const caching = wanted.cache ? { cache: true, cacheKeyBuilder: (token) => token } : {};
    const make = () => {
      const material = form === "JWK" ? pem(wanted) : text;
      return sign
        ? createSigner({ key: material, algorithm, noTimestamp: wanted.noTimestamp })
        : createVerifier({
            key: material, algorithms: [algorithm], allowedAud: policy.audience, allowedIss: policy.issuers,
            requiredClaims: ["exp", "aud", "iss"], ...caching,
          });
    };
    if (wanted.raw) return { call: (argument) => make()(argument) };
    return { call: make() };
  },

  async jsonwebtoken(wanted) {
    const jwt = require("jsonwebtoken");
    const { sign, algorithm, policy } = wanted;
    const options = sign
      ? { algorithm, noTimestamp: wanted.noTimestamp }
      : { algorithms: [algorithm], audience: policy.audience, issuer: policy.issuers };
    const use = (argument, key) => (sign ? jwt.sign : jwt.verify)(argument, key, options);
    if (wanted.raw) return { call: (argument) => use(argument, keyObject(wanted)) };
    const ready = keyObject(wanted);
    return { call: (argument) => use(argument, ready) };
  },
};

// fast-jwt takes a secret or PEM.
function pem(wanted) {
  const made = keyObject(wanted);
  if (made.type === "secret") return made.export();
  return made.export({ format: "pem", type: wanted.sign ? "pkcs8" : "spki" });
}

const tasks = [];

async function timed({ task, pool, loops, tasks: width, refuses }) {
  const found = tasks[task];
  if (pool) found.pool = pool;
  const { call, awaited, pool: inputs } = found;
  const count = inputs.length;
  let refused = 0;
  const one = async (argument) => {
    try {
      await call(argument);
    } catch {
      refused += 1;
    }
  };
  const share = async (from, until) => {
    for (let i = from; i < until; i++) await (refuses ? one(inputs[i % count]) : call(inputs[i % count]));
  };
  const begun = process.hrtime.bigint();
  if (width) {
    const each = Math.ceil(loops / width);
    const shares = Array.from({ length: width }, (_, i) => share(i * each, Math.min(loops, (i + 1) * each)));
    await Promise.all(shares);
  } else if (awaited) {
    await share(0, loops);
  } else if (refuses) {
    for (let i = 0; i < loops; i++) {
      try {
        call(inputs[i % count]);
      } catch {
        refused += 1;
      }
    }
  } else {
    for (let i = 0; i < loops; i++) call(inputs[i % count]);
  }
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  if (refuses && refused !== loops) throw new Error(`${loops - refused} of ${loops} were accepted`);
  return seconds;
}

// Two libraries add an `iat` of their own unless told not to, and when told not to take away the claims' own.
async function made(wanted) {
  if (!wanted.sign) return makers[wanted.library](wanted);
  const [dated, undated] = [
    await makers[wanted.library]({ ...wanted, noTimestamp: false }),
    await makers[wanted.library]({ ...wanted, noTimestamp: true }),
  ];
  return { ...dated, call: (claims) => (claims.iat === undefined ? undated : dated).call(claims) };
}

async function answer(request) {
  if (request.do === "make") {
    tasks.push(await made(request));
    return { value: tasks.length - 1 };
  }
  if (request.do === "time") return { value: await timed(request) };
  try {
    return { value: await tasks[request.task].call(request.argument) };
  } catch (error) {
    return { refused: `${error.code ?? error.name}: ${error.message}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await answer(JSON.parse(line));
  } catch (error) {
    said = { failed: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
