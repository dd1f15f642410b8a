// Signs and verifies with the npm package `jose`, for test_node_jose.py.
// Reads one JSON array of jobs from standard input and writes one JSON array of answers.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const require = createRequire(join(process.env.CYJWT_JOSE_DIR, "package.json"));
const jose = await import(pathToFileURL(require.resolve("jose")));

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answers = [];
for (const job of JSON.parse(Buffer.concat(chunks))) {
  try {
    const key = await jose.importJWK(job.jwk, job.alg);
    if (job.do === "sign") {
      const token = await new jose.SignJWT(job.claims)
        .setProtectedHeader({ alg: job.alg, kid: "k1", typ: "JWT" })
        .sign(key);
      answers.push({ token });
    } else if (job.do === "thumbprint") {
      answers.push({ thumbprint: await jose.calculateJwkThumbprint(job.jwk) });
    } else {
      const options = { algorithms: [job.alg], issuer: job.issuer, audience: job.audience };
      const { payload, protectedHeader } = await jose.jwtVerify(job.token, key, options);
      answers.push({ claims: payload, header: protectedHeader });
    }
  } catch (error) {
    answers.push({ error: error.code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
