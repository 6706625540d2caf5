import { describe, expect, it } from "vitest";
import { codeBlock, escape, tooltipOf } from "../../src/search/tooltip";
import { hit } from "./values";

describe("a tooltip", () => {
  it("shows the code and why it was found, in plain words", () => {
    const parts = { semantic: 0.2, lexical: 0.3, test: -1.2, bm25: 12, vector: 0.5, length: 0.001, unheard: 3 };
    const { value } = tooltipOf(hit({ parts, score: 0.61 }));
    expect(value).toContain("```python\ndef load(self):\n    pass\n```");
    const rows = value.split("\n").filter((line) => line.startsWith("|"));
    expect(rows).toEqual([
      "| Why it was found | 0.61 |",
      "|:--|--:|",
      "| Words | +0.30 |",
      "| Meaning | +0.20 |",
      "| Test code | −1.20 |",
    ]);
  });

  it("is neither trusted nor HTML", () => {
    const tooltip = tooltipOf(hit());
    expect(tooltip.isTrusted).toBe(false);
    expect(tooltip.supportHtml).toBe(false);
  });

  it.each(["<img src=x onerror=alert(1)>", "[x](command:evil)", "$(trash)", "`a`", "![](http://x/y.png)", "a|b\nc"])(
    "takes %j in names for text",
    (name) => {
      const { value } = tooltipOf(hit({ symbol: name, path: name }));
      const [head = ""] = value.split("\n\n");
      expect(head).not.toContain(name);
      expect(head).not.toMatch(/(?<!\\)[<>[\]()`$!|]/);
      expect(head.split("\n")).toHaveLength(2);
    },
  );

  it.each(["```\n[x](command:evil)", "````\n```", "`", "~~~"])("does not let code end its block: %j", (code) => {
    const block = codeBlock(code, "markdown");
    const [opening = "", ...rest] = block.split("\n");
    const fence = /^`{3,}/.exec(opening)?.[0] ?? "";
    expect(fence.length).toBeGreaterThanOrEqual(3);
    expect(rest.pop()).toBe(fence);
    expect(rest.join("\n")).toBe(code);
    expect(code).not.toContain(fence);
  });

  it("takes no language that is more than a name", () => {
    expect(codeBlock("x", "py\n```\n[x](y)")).toMatch(/^```py[^\n`[\]()]*\nx\n```$/);
  });

  it("escapes each sign that Markdown reads", () => {
    expect(escape("a_b*c")).toBe("a\\_b\\*c");
    expect(escape("plain words 1")).toBe("plain words 1");
  });
});
