// The main story in a browser, against a running server:
//   node e2e/story.mjs BASE LOGIN_LINK EXECUTION_ID
// The execution must have kept a heap profile.
import { axe, desktop, launch, login, open, phone, report, screenshot, settled } from "./lib.mjs";

const [base, link, execution] = process.argv.slice(2);
if (!base || !link || !execution) {
  console.error("usage: node e2e/story.mjs BASE LOGIN_LINK EXECUTION_ID");
  process.exit(2);
}

const { none, step, finish } = report();
const browser = await launch();
let state;

async function walk(theme, viewport, name) {
  const { context, page, trouble } = await open(browser, base, { theme, viewport, state });
  page.setDefaultTimeout(15_000);
  const seen = async (what) => {
    await settled(page);
    // The fade of fresh rows must not be judged half way.
    await page.waitForFunction(() =>
      document
        .getAnimations()
        .every((a) => a.effect.getTiming().iterations !== 1 || a.playState === "finished"),
    );
    none(`${name}: ${what} has no accessibility violation`, await axe(page));
    none(`${name}: ${what} is no wider than the window`, await overflow(page));
    await screenshot(page, `${what.replaceAll(" ", "-")}-${name}`);
  };
  const go = async (path, what) => {
    await page.goto(base + path);
    await seen(what);
  };

  if (!state) {
    await page.goto(`${base}/executions`);
    await page.waitForURL((url) => url.pathname === "/login");
    none(
      `${name}: an anonymous visitor is asked to sign in`,
      trouble.filter((t) => !t.includes("401")),
    );
    trouble.length = 0;
    await seen("login");
    await step("the one-time link signs in", async () => {
      state = await login(page, link);
    });
    if (!state) return; // nothing else can be seen
  }

  await step(`${name}: the list shows executions`, async () => {
    await go("/executions", "executions");
    await page.waitForSelector("[data-id] a.row-link");
  });
  await step(`${name}: a row opens its execution`, async () => {
    await page.goto(`${base}/executions`);
    await page.waitForSelector("[data-id] a.row-link");
    await page.keyboard.press("j");
    await page.waitForSelector("[data-id] a.row-link:focus");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/executions\/[0-9a-f]{24}/);
  });
  await step(`${name}: the execution tells its story`, async () => {
    await go(`/executions/${execution}`, "execution");
    await page.waitForSelector("text=Event received");
    await page.waitForSelector("text=open flame graph");
    await page.waitForSelector(String.raw`aside >> text=/^[\d.]+ [kMG] of [\d.]+ G instructions$/`);
    await page.waitForSelector(String.raw`aside >> text=/^[\d.]+ (KiB )?of [\d.]+ MiB$/`);
  });
  await step(`${name}: the artifact is a flame graph`, async () => {
    await page.click("text=open flame graph");
    await page.waitForSelector("canvas");
    await page.waitForSelector("table[data-top] tbody button");
    await seen("flame graph");
    const colours = await page.$eval("canvas", countColours);
    if (colours < 3) throw new Error(`the canvas shows ${colours} colours`);
    const name = await page.textContent("table[data-top] tbody button");
    if (!/[\w)]\.[\w(]/.test(name)) throw new Error(`the top table shows ${name}`);
    const unused = await page.$eval("table[data-top]", (table) => {
      const last = table.querySelector("thead th:last-child").getBoundingClientRect();
      return Math.round(table.getBoundingClientRect().right - last.right);
    });
    if (unused > 1) throw new Error(`${unused} px of the table have no column`);
  });
  await step(`${name}: a function of the table zooms the graph, and back`, async () => {
    await page.click("table[data-top] tbody button >> nth=0");
    await page.waitForURL(/zoom=/);
    await page.click("text=Show all");
    await page.waitForURL((url) => !url.search.includes("zoom"));
  });
  await step(`${name}: the event says which rules looked`, async () => {
    await page.goto(`${base}/executions/${execution}`);
    await page.waitForSelector("aside a[href^='/events/']");
    await page.$eval("main > section", (box) => box.scrollTo(0, 60));
    await page.click("aside a[href^='/events/']");
    await page.waitForURL(/\/events\/[0-9a-f]{24}/);
    await page.waitForSelector("text=Rules that looked");
    const top = await page.$eval("main > section", (box) => box.scrollTop);
    if (top > 0) throw new Error(`the page opens ${top} px down, where the last one was`);
    await seen("event");
    await page.waitForSelector("text=Matched");
  });
  await step(`${name}: the rule shows its recent verdicts and tests an event`, async () => {
    await page.click("main a[href^='/rules/']");
    await page.waitForSelector("text=Recent verdicts");
    await page.click("button:has-text('Test')");
    await page.waitForSelector("text=Would match");
    await page
      .locator("section", { hasText: "last 200 events" })
      .last()
      .locator("button:has-text('Test')")
      .click();
    await page.waitForSelector("text=/Would have matched \\d+ of \\d+/");
    await seen("rule");
  });
  await step(`${name}: sources and keys are listed`, async () => {
    await go("/sources", "sources");
    await go("/keys", "keys");
    await go("/secrets", "secrets");
    await page.fill("input[aria-label=Name]", "canary");
    await page.fill("input[aria-label=Value]", "not to be seen again");
    await page.click("button:has-text('Keep')");
    await page.waitForSelector("main li >> text=canary");
    if ((await page.content()).includes("not to be seen again")) throw new Error("the page shows a secret");
    await page.click("button[aria-label='Forget canary']");
    await page.waitForSelector("text=There are no secrets");
    await go("/webhooks", "webhooks");
    await page.waitForSelector("text=Anybody may send");
  });
  await step(`${name}: the audit chain says who did that, and holds`, async () => {
    await go("/audit", "audit");
    await page.waitForSelector("text=Chain verified");
    await page.waitForSelector("tr[data-seq] >> text=canary");
    if ((await page.content()).includes("not to be seen again")) throw new Error("the page shows a secret");
    await page.selectOption("select[aria-label=Kind]", "secret");
    await page.waitForURL(/kind=secret/);
    await page.waitForFunction(() =>
      [...document.querySelectorAll("tr[data-seq]")].every((row) => row.textContent.includes("secret")),
    );
  });
  await step(`${name}: the packs say what they may do`, async () => {
    await go("/packs", "packs");
    await page.waitForSelector("text=What it may do");
  });
  await step(`${name}: a module of a pack says what it is, on demand`, async () => {
    const pack = page.locator("li#labs_sre");
    const file = pack.getByRole("button", { name: "pack.wasm" });
    await file.click();
    await pack.getByText("its memory is put back").waitFor();
    if ((await file.getAttribute("aria-expanded")) !== "true")
      throw new Error("it does not say that it is open");
    await pack.getByText("SHA-256").scrollIntoViewIfNeeded();
    await seen("modules");
  });
  await step(`${name}: the system says whether it is well`, async () => {
    if (viewport === phone) await page.click("text=account and theme");
    await page.click("a[href='/system'] >> visible=true");
    await page.waitForURL((url) => url.pathname === "/system");
    await page.waitForSelector("main [role=status] >> text=/well|works/");
    await page.waitForSelector("main li >> text=wasm engine");
    await seen("system");
  });
  for (const [path, what] of [
    ["/events", "events"],
    ["/rules", "rules"],
    ["/triggers", "triggers"],
    ["/artifacts", "artifacts"],
  ]) {
    await step(`${name}: ${what} are listed`, async () => {
      await go(path, what);
      await page.waitForSelector("[data-id] a.row-link");
    });
  }
  none(`${name}: no console error, no policy violation, no foreign request`, trouble);
  await context.close();
}

/** The width of a fieldset follows its content unless told otherwise; the like shows here. */
async function overflow(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return over > 0 ? [`${over} px too wide`] : [];
}

/** How many colours a canvas shows, looking at every 7th pixel. */
function countColours(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let i = 0; i < data.length; i += 28) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return seen.size;
}

try {
  await walk("dark", desktop, "dark");
  if (state) {
    await walk("light", desktop, "light");
    await walk("dark", phone, "phone-dark");
    await walk("light", phone, "phone-light");
  }
} finally {
  await browser.close();
}
process.exit(finish());
