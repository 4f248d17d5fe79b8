// The line to the Rust test that started the site: it runs SQL for a journey, one question at a time.
import { createInterface } from "node:readline";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/**
 * Runs one statement on the journey's database as its superuser. A change must end in RETURNING.
 * @param {string} statement
 * @returns {Promise<any[]>} the rows, as objects
 */
export async function sql(statement) {
  process.stdout.write(`@sql ${JSON.stringify(statement)}\n`);
  const { value } = await answers.next();
  const answer = JSON.parse(value);
  if (answer.error) throw new Error(`${answer.error}\n${statement}`);
  return answer.rows;
}

/** No more questions: lets the process end. */
export function hangUp() {
  process.stdin.destroy();
}

/**
 * Waits until `check` gives something truthy, and gives that.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} check
 * @param {number} [seconds] after which it gives up
 * @returns {Promise<T>}
 */
export async function until(what, check, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`gave up waiting: ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
