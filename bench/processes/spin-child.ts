/** Counts turns of a loop that touches no memory for as long as it is told: what a second core is worth at best. */
const until = performance.now() + Number(process.argv[2]);
let turns = 0;
let x = 1;
while (performance.now() < until) {
  for (let i = 0; i < 1e6; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  turns++;
}
process.stdout.write(`${JSON.stringify({ turns, x })}\n`);
