// A fastify application that protects one route with a token looked up by SQL, and one with a JWT checked by @fastify/jwt.
import fastifyJwt from "@fastify/jwt";
import Database from "better-sqlite3";
import Fastify from "fastify";

const query = new Database(process.env.BENCH_DATABASE, { readonly: true }).prepare(`
    SELECT auth_user.id, auth_user.username, auth_user.is_active FROM authtoken_token
    JOIN auth_user ON auth_user.id = authtoken_token.user_id WHERE authtoken_token.key = ?
`);

const app = Fastify();
await app.register(fastifyJwt, { secret: process.env.BENCH_SECRET_KEY });

const schema = { response: { 200: { type: "object", properties: { message: { type: "string" } } } } };

async function byToken(request, reply) {
    const [keyword, key] = (request.headers.authorization ?? "").split(" ");
    const user = keyword === "Token" ? query.get(key) : undefined;
    if (!user?.is_active) return reply.code(401).send({ detail: "Invalid token." });
    request.user = user;
}

async function byJwt(request) {
    await request.jwtVerify();
}

app.get("/token", { schema, onRequest: byToken }, async () => ({ message: "Hello, World!" }));
app.get("/jwt", { schema, onRequest: byJwt }, async () => ({ message: "Hello, World!" }));

await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
