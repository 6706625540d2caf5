import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/pictures/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, disableConsoleIntercept: true },
});
