// Each VU posts a new document, as soon as the last one was answered, and checks the status.
import { check } from "k6";
import http from "k6/http";

export const options = { vus: Number(__ENV.BENCH_VUS), duration: `${__ENV.BENCH_SECONDS}s` };
const params = { headers: { "Content-Type": "application/json" } };

export default function () {
  const document = {
    studentUniqueId: `PERF${__ITER}`,
    firstName: `First${__ITER}`,
    lastSurname: "Last",
    birthDate: "2010-01-01",
  };
  const response = http.post(`${__ENV.BENCH_URL}/data`, JSON.stringify(document), params);
  check(response, { created: (answer) => answer.status === 201 });
}

export function handleSummary(data) {
  const rate = data.metrics.http_reqs.values.rate;
  return { stdout: `\n${JSON.stringify({ rate, failed: data.metrics.checks.values.fails })}\n` };
}
