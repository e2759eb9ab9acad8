import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pickMainSuite } from "../../scripts/setup/apt.js";

describe("the release's main suite", () => {
  const own = "https://one.example/debian/|bookworm";

  it("is the one with the distribution's label, with all its components", () => {
    const targets = [
      "https://two.example/wine/|bookworm|main|Wine builds",
      `${own}|main|Debian`,
      `${own}|main|Debian`,
      `${own}|contrib|Debian`,
      "https://one.example/debian/|bookworm-updates|main|Debian",
      "https://one.example/debian-security/|bookworm-security|main|Debian-Security",
    ];
    assert.deepEqual(pickMainSuite(targets.join("\n"), "bookworm"), {
      uri: "https://one.example/debian/",
      release: "bookworm",
      components: ["main", "contrib"],
    });
  });

  it("is not found among other publishers' sources, nor in nothing", () => {
    assert.equal(pickMainSuite("https://two.example/wine/|bookworm|main|Wine builds\n", "bookworm"), undefined);
    assert.equal(pickMainSuite("", "bookworm"), undefined);
    assert.equal(pickMainSuite(`${own}|main|Debian`, "trixie"), undefined);
  });
});
