import { defineConfig } from "vitest/config";

// One scene at a time: a small machine has enough to do with one VS Code.
export default defineConfig({
  test: {
    include: ["test/e2e/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
