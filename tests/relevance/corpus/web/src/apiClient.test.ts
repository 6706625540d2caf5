import { describe, expect, it } from "vitest";
import { ApiClient, ApiError, pollUntil } from "./apiClient";

describe("ApiClient", () => {
  it("shares one request between two callers", async () => {
    let calls = 0;
    globalThis.fetch = async () => {
      calls += 1;
      return new Response(JSON.stringify({ id: 1 }));
    };
    const client = new ApiClient("https://ferry.test");
    const [one, two] = await Promise.all([client.get("/jobs"), client.get("/jobs")]);
    expect(one).toBe(two);
    expect(calls).toBe(1);
  });

  it("turns a refusal into an ApiError with its problem", async () => {
    globalThis.fetch = async () => new Response("{\"title\":\"no such job\"}", { status: 404 });
    const client = new ApiClient("https://ferry.test");
    await expect(client.get("/jobs/9")).rejects.toThrow(ApiError);
  });
});

describe("pollUntil", () => {
  it("gives up at the limit", async () => {
    await expect(pollUntil(async () => 1, () => false, 10)).rejects.toThrow("timed out");
  });
});
