// Drives the login page of examples/login-page in a real browser, once against a service that lets its origin in and once
// against one that lets no origin in.
//
//     node login_page.mjs ORIGIN OPEN-DIST CLOSED-DIST SERVICE CHROMIUM
//
// ORIGIN is where to serve the two builds in turn, SERVICE where the open service is. It wants the user $HALLPASS_USER with
// the password $HALLPASS_PASSWORD, and a page that renews its tokens every second.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const [origin, openDist, closedDist, service, executablePath] = process.argv.slice(2);
const { HALLPASS_USER, HALLPASS_PASSWORD } = process.env;
const QUIET = "--no-first-run --disable-background-networking --disable-component-update --disable-sync".split(" ");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

const passed = (what) => console.log(`PASS browser: ${what}`);

/** Serves the files of a folder at `origin`, and `/` as `/index.html`. */
async function serve(dist) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, origin);
    const file = pathname === "/" ? "/index.html" : pathname;
    try {
      const content = await readFile(join(dist, file));
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream").end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  const { hostname, port } = new URL(origin);
  await new Promise((resolve, reject) => server.once("error", reject).listen(Number(port), hostname, resolve));
  return { stop: () => server.close() && server.closeAllConnections() };
}

/** What can be done on the page, in a browser profile of its own. */
async function open(browser) {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  const consoleLines = [];
  const broken = [];
  page.on("console", (line) => consoleLines.push(line.text()));
  page.on("pageerror", (error) => broken.push(error));
  await page.goto(origin);
  return {
    page,
    consoleLines,
    broken,
    heading: (text) => page.getByRole("heading", { name: text }).waitFor(),
    alert: (text) => page.getByRole("alert").getByText(text, { exact: true }).first().waitFor(),
    stored: (name) => page.evaluate((name) => localStorage.getItem(name), name),
    async logIn(username, password) {
      await page.getByLabel("User name").fill(username);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Log in" }).click();
    },
    /** Waits until there is another token of this name than `old`. */
    changed: (name, old) =>
      page.waitForFunction(([name, old]) => ![old, null].includes(localStorage.getItem(name)), [name, old]),
    close: () => page.close(),
  };
}

async function post(path, body) {
  return fetch(service + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function letIn(browser) {
  const tab = await open(browser);
  await tab.heading("Log in");
  await tab.logIn("", "");
  await tab.alert("This field may not be blank.");
  assert.equal(await tab.page.getByLabel("Password").getAttribute("aria-invalid"), "true");
  passed("what is missing is said at its field");

  await tab.logIn(HALLPASS_USER, "wrong");
  await tab.alert("No active account found with the given credentials");
  assert.equal(await tab.stored("refresh"), null);
  passed("a wrong password is refused in the service's words");

  await tab.logIn(HALLPASS_USER, HALLPASS_PASSWORD);
  await tab.heading("Your account");
  await tab.page.getByText(HALLPASS_USER, { exact: true }).waitFor();
  for (const name of ["access", "refresh"]) assert.equal((await tab.stored(name)).split(".").length, 3);
  passed("the right password logs in, and the account is shown");

  await tab.page.reload();
  await tab.page.getByText(HALLPASS_USER, { exact: true }).waitFor();
  passed("a reload keeps the session");

  const [access, refresh] = [await tab.stored("access"), await tab.stored("refresh")];
  await tab.changed("refresh", refresh);
  await tab.changed("access", access);
  assert.equal((await post("/api/token/verify/", { token: await tab.stored("access") })).status, 200);
  // SimpleJWT's status for a blacklisted token there.
  assert.equal((await post("/api/token/verify/", { token: refresh })).status, 400);
  passed("the tokens are renewed, the new ones stored and the old one used up");

  await tab.page.evaluate(() => localStorage.setItem("access", "no.longer.good"));
  await tab.page.reload();
  await tab.page.getByText(HALLPASS_USER, { exact: true }).waitFor();
  passed("a refused access token is renewed");

  // Renewals go on meanwhile: the token that is blacklisted has to be one that is still in use.
  const blacklist = async () => (await post("/api/token/blacklist/", { refresh: await tab.stored("refresh") })).status;
  for (let tries = 1; (await blacklist()) !== 200; tries += 1) assert.ok(tries < 10, "no token could be blacklisted");
  await tab.heading("Log in");
  await tab.page.getByText("Your session has ended. Please log in again.").waitFor();
  assert.deepEqual([await tab.stored("access"), await tab.stored("refresh")], [null, null]);
  passed("with its refresh token blacklisted the page is back at the login");

  await tab.logIn(HALLPASS_USER, HALLPASS_PASSWORD);
  await tab.heading("Your account");
  const last = await tab.stored("refresh");
  const blacklisted = tab.page.waitForResponse((response) => response.url().endsWith("/api/token/blacklist/"));
  await tab.page.getByRole("button", { name: "Log out" }).click();
  await tab.heading("Log in");
  assert.equal((await blacklisted).status(), 200);
  assert.equal((await post("/auth/jwt/refresh/", { refresh: last })).status, 401);
  assert.equal(await tab.stored("refresh"), null);
  passed("logging out ends the session at the service too");

  assert.deepEqual(tab.broken, []);
  await tab.close();
}

async function keptOut(browser) {
  const tab = await open(browser);
  await tab.logIn(HALLPASS_USER, HALLPASS_PASSWORD);
  await tab.alert("The service cannot be reached. Please try again later.");
  assert.ok(tab.consoleLines.some((line) => line.includes("blocked by CORS policy")), tab.consoleLines.join("\n"));
  assert.equal(await tab.stored("refresh"), null);
  assert.deepEqual(tab.broken, []);
  passed("a service that names no origin lets the browser's login fail");
  await tab.close();
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", ...QUIET] });
try {
  for (const [dist, drive] of [[openDist, letIn], [closedDist, keptOut]]) {
    const server = await serve(dist);
    await drive(browser);
    server.stop();
  }
} finally {
  await browser.close();
}
