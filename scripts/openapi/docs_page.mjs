// Drives Swagger UI at /api/docs/ in a real browser: gets a token of each kind in it, authorizes with it, and calls /hello/.
//
//     node docs_page.mjs SERVICE CHROMIUM
//
// It wants the user $HALLPASS_USER with the password $HALLPASS_PASSWORD.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [service, executablePath] = process.argv.slice(2);
const { HALLPASS_USER, HALLPASS_PASSWORD } = process.env;
const QUIET = "--no-first-run --disable-background-networking --disable-component-update --disable-sync".split(" ");
const body = JSON.stringify({ username: HALLPASS_USER, password: HALLPASS_PASSWORD });

const passed = (what) => console.log(`PASS docs page: ${what}`);

/** Opens an operation, sends it with `text` as its body, and gives the status and the body of the answer. */
async function call(page, id, path, text) {
  const operation = page.locator(`[id$="-${id}"]`);
  if (!(await operation.getAttribute("class")).includes("is-open")) await operation.locator(".opblock-summary-control").click();
  if (text !== undefined) {
    await operation.locator("select.content-type, .content-type select").first().selectOption("application/json");
    await operation.locator("textarea.body-param__text").fill(text);
  }
  const answer = page.waitForResponse((response) => new URL(response.url()).pathname === path);
  await operation.getByRole("button", { name: "Execute" }).click();
  const response = await answer;
  await operation.locator(".live-responses-table tbody .response-col_status").first().getByText(String(response.status())).waitFor();
  return { status: response.status(), json: await response.json() };
}

/** Types `value` for the scheme of this name, with whatever was there before logged out. */
async function authorize(page, scheme, value) {
  await page.locator(".auth-wrapper .btn.authorize").click();
  const dialog = page.locator(".modal-ux");
  for (const logout of await dialog.getByRole("button", { name: "Remove authorization" }).all()) await logout.click();
  const form = dialog.locator(".auth-container").filter({ has: page.locator("h4 code", { hasText: new RegExp(`^${scheme}$`) }) });
  await form.locator("input").first().fill(value);
  await form.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.getByRole("button", { name: "Close" }).first().click();
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", ...QUIET] });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  const foreign = [];
  const broken = [];
  page.on("request", (request) => new URL(request.url()).origin === service || request.url().startsWith("data:") || foreign.push(request.url()));
  page.on("pageerror", (error) => broken.push(error));
  page.on("console", (line) => line.text().includes("Content Security Policy") && broken.push(line.text()));
  await page.goto(`${service}/api/docs`);
  await page.getByRole("heading", { name: "hallpass" }).waitFor();
  passed("it shows the service");

  const refused = await call(page, "get_hello", "/hello/");
  assert.deepEqual([refused.status, refused.json], [401, { detail: "Authentication credentials were not provided." }]);
  passed("without a token /hello/ is refused");

  const { json: opaque } = await call(page, "post_api_token_auth", "/api-token-auth/", body);
  await authorize(page, "Token", `Token ${opaque.token}`);
  let greeting = await call(page, "get_hello", "/hello/");
  assert.deepEqual([greeting.status, greeting.json], [200, { message: "Hello, World!" }]);
  passed("an opaque token that was got there is good at /hello/");

  const { json: pair } = await call(page, "post_api_token", "/api/token/", body);
  await authorize(page, "Bearer", pair.access);
  greeting = await call(page, "get_hello", "/hello/");
  assert.deepEqual([greeting.status, greeting.json], [200, { message: "Hello, World!" }]);
  passed("and so is an access token");

  assert.deepEqual(foreign, []);
  assert.deepEqual(broken, []);
  passed("nothing comes from elsewhere, and the page breaks no policy of its own");
} finally {
  await browser.close();
}
