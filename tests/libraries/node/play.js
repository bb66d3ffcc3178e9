'use strict';
// Plays whole histories on opossum under a fake clock: `node play.js OPOSSUM_DIRECTORY`.
// In, a line for each: {options, steps: [[ms, {do, id, out}], ...]}; steps as in ../drivers.py.
// Out, a line for each: what every step showed, [{adm, state}, ...].

const readline = require('readline');
const realImmediate = setImmediate;
const settled = () => new Promise(resolve => realImmediate(resolve));
const LONGEST = 2 ** 31 - 1; // node rings a timer beyond it, or below 1, after 1 ms

let now = 0;
let next = 1;
let timers = new Map();

function arm (repeat) {
  return (callback, after = 1, ...args) => {
    const ms = after >= 1 && after <= LONGEST ? Math.trunc(after) : 1;
    const id = next++;
    timers.set(id, { at: now + ms, every: repeat ? ms : 0, call: () => callback(...args) });
    return { id, unref () {} };
  };
}

function disarm (timer) {
  if (timer) timers.delete(timer.id);
}

global.setTimeout = arm(false);
global.setInterval = arm(true);
global.clearTimeout = global.clearInterval = disarm;
Date.now = () => now;

const CircuitBreaker = require(process.argv[2]);

// Timers ring before what happens at the same instant, the earliest first, then in the order of arming.
async function until (instant) {
  for (;;) {
    let first;
    for (const [id, timer] of timers) {
      if (timer.at <= instant && (!first || timer.at < first.timer.at)) first = { id, timer };
    }
    if (!first) break;
    now = Math.max(now, first.timer.at);
    if (first.timer.every) first.timer.at += first.timer.every;
    else timers.delete(first.id);
    first.timer.call();
    await settled();
  }
  now = instant;
}

async function play ({ options, steps }) {
  now = 0;
  timers = new Map();
  const held = new Map();
  let ran = null;
  const breaker = new CircuitBreaker(
    () => new Promise((resolve, reject) => { ran = { resolve, reject }; }),
    { ...options, timeout: false, enableSnapshots: false, errorFilter: error => error.excluded === true }
  );
  const begin = id => {
    ran = null;
    breaker.fire().catch(() => {});
    if (ran) held.set(id, ran);
    return ran !== null;
  };
  const end = (id, out) => {
    const call = held.get(id);
    held.delete(id);
    if (out === 'ok') call.resolve();
    else call.reject(Object.assign(new Error(out), { excluded: out === 'excluded' }));
  };
  const answers = [];
  for (const [ms, step] of steps) {
    await until(ms);
    const seen = {};
    if (step.do === 'end') {
      if (held.has(step.id)) end(step.id, step.out);
    } else if (step.do !== 'look') {
      const id = step.do === 'call' ? '' : step.id;
      seen.adm = begin(id);
      if (step.do === 'call' && seen.adm) end('', step.out);
    }
    await settled();
    seen.state = breaker.opened ? 'open' : breaker.halfOpen ? 'half_open' : 'closed';
    answers.push(seen);
  }
  breaker.shutdown();
  return answers;
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await play(JSON.parse(line))) + '\n');
  }
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
