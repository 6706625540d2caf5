import { readCookie } from "./dom";

export interface ApiProblem {
  status: number;
  title: string;
  fields?: Record<string, string>;
}

export type Listener = (online: boolean) => void;

/** Thrown for every answer outside of 2xx, with what the server said about it. */
export class ApiError extends Error {
  constructor(readonly problem: ApiProblem) {
    super(`${problem.status}: ${problem.title}`);
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class ApiClient {
  private inFlight = new Map<string, Promise<unknown>>();
  private listeners = new Set<Listener>();
  private online = true;

  constructor(private base: string, private timeoutMs = 10_000) {}

  /** Two components that ask for the same thing at the same time share one request. */
  get<T>(path: string): Promise<T> {
    const running = this.inFlight.get(path);
    if (running) return running as Promise<T>;
    const promise = this.request<T>("GET", path).finally(() => this.inFlight.delete(path));
    this.inFlight.set(path, promise);
    return promise;
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.request<T>("POST", path, body);
  }

  private async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), this.timeoutMs);
    try {
      const response = await fetch(this.base + path, {
        method,
        signal: aborter.signal,
        headers: this.headers(method),
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      this.setOnline(true);
      if (!response.ok) throw new ApiError(await this.readProblem(response));
      return (await response.json()) as T;
    } catch (error) {
      if (error instanceof TypeError) this.setOnline(false);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private headers(method: string): Record<string, string> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (method !== "GET") {
      headers["content-type"] = "application/json";
      headers["x-csrf-token"] = readCookie("csrf") ?? "";
    }
    return headers;
  }

  private async readProblem(response: Response): Promise<ApiProblem> {
    try {
      const parsed = await response.json();
      return { status: response.status, title: parsed.title, fields: parsed.fields };
    } catch {
      return { status: response.status, title: response.statusText };
    }
  }

  onConnectivity(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private setOnline(online: boolean): void {
    if (online === this.online) return;
    this.online = online;
    for (const listener of this.listeners) listener(online);
  }
}

/** Asks again and again until the predicate holds, with longer and longer pauses. */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  done: (value: T) => boolean,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (let pause = 250; ; pause = Math.min(pause * 2, 8000)) {
    const value = await ask();
    if (done(value)) return value;
    if (Date.now() + pause > deadline) throw new Error("timed out while polling");
    await sleep(pause);
  }
}
