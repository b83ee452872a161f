import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    // A busy machine is slow, and not wrong.
    testTimeout: 60_000,
  },
});
