// Each VU gets one page a second.
import { sleep } from "k6";
import http from "k6/http";

const half = `${Number(__ENV.BENCH_SECONDS) / 2}s`;
const vus = Number(__ENV.BENCH_VUS);
export const options = {
  scenarios: {
    users: {
      executor: "ramping-vus",
      stages: [
        { duration: half, target: vus },
        { duration: half, target: vus },
      ],
      gracefulStop: "2s",
    },
  },
};

export default function () {
  http.get(`${__ENV.BENCH_URL}/page`);
  sleep(1);
}

export function handleSummary(data) {
  const rate = data.metrics.http_reqs.values.rate;
  return { stdout: `\n${JSON.stringify({ rate, failed: data.metrics.http_req_failed.values.passes })}\n` };
}
