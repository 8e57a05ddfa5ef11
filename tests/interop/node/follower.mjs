// Plays documents to the follower of the page "Verify in another language", and prints a verdict for each of them.
// Without steps, it follows the service, and prints a verdict for the token in each line of the input.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Follower } = await import(pathToFileURL(process.argv[2]));
const { options, steps } = JSON.parse(process.argv[3]);

const verdict = (act) => act().then(() => "good", (error) => `refused: ${error.message}`);

async function play() {
  let at = 0, pending;
  const follower = new Follower({ ...options, now: () => at, steady: () => at });
  const acts = {
    keys: ({ text }) => follower.setKeys(JSON.parse(text)),
    token: ({ text }) => follower.verify(text),
    async first({ text }) {
      const feed = await follower.read(text);
      follower.checkFirst(feed);
      follower.apply(feed);
      pending = { feed, asOf: feed.as_of };
      if (feed.page?.next === undefined) follower.finish(feed, feed.as_of, at);
    },
    async later({ text, asked }) {
      const feed = await follower.read(text);
      follower.checkLater(feed, asked);
      follower.apply(feed);
      pending.asOf = Math.min(pending.asOf, feed.as_of);
      if (feed.page.next === undefined) follower.finish(pending.feed, pending.asOf, at);
    },
    async fresh() {
      if (follower.isStale()) throw new Error("stale");
    },
  };
  for (const step of steps) {
    at = step.at;
    console.log(await verdict(() => acts[step.act](step)));
  }
}

async function follow() {
  const follower = new Follower(options);
  await follower.follow();
  console.log(follower.fault ?? "follows");
  for await (const token of createInterface({ input: process.stdin })) console.log(await verdict(() => follower.verify(token)));
  process.exit();
}

await (steps === undefined ? follow() : play());
