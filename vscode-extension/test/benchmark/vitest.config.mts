import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/benchmark/*.test.ts"], hookTimeout: 120_000, disableConsoleIntercept: true },
});
