import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { CliError } from "../../cli/errors.js";
import { readImage } from "../../cli/image.js";
import { productName, productVersion } from "../../cli/package.js";
import { findDll } from "../../wrapgen/io.js";
import { arches, prebuilt } from "./vmmc.js";

for (const arch of arches) {
  describe(`the built wsock32.dll for ${arch}`, () => {
    it("says that it is ours, and which version", () => {
      const image = readImage(prebuilt(arch));
      assert.equal(image.arch, arch);
      assert.equal(image.isDll, true);
      assert.equal(image.version.get("ProductName"), productName);
      assert.equal(image.version.get("ProductVersion"), productVersion);
      assert.equal(image.version.get("OriginalFilename"), "wsock32.dll");
      assert.ok(image.imports.includes("kernel32.dll"));
    });

    it("damaged at any place: read, or refused with a reason", () => {
      const folder = mkdtempSync(join(tmpdir(), "vmmc-image-"));
      try {
        const intact = readFileSync(prebuilt(arch));
        const path = join(folder, "damaged.dll");
        // The headers and the resources are at fixed places: every 8th byte of both, set to the extremes.
        const resources = intact.indexOf(Buffer.from("VS_VERSION_INFO", "utf16le"));
        assert.ok(resources > 0);
        const places = [...range(0, 1024, 8), ...range(resources - 256, resources + 512, 8)];
        for (const place of places) {
          for (const value of [0, 0xffff_ffff]) {
            const bytes = Buffer.from(intact);
            bytes.writeUInt32LE(value, place);
            writeFileSync(path, bytes);
            assertReadOrRefused(path, `${value} at ${place}`);
          }
        }
        for (const length of [0, 1, 63, 64, 200, 1000, resources + 20]) {
          writeFileSync(path, intact.subarray(0, length));
          assertReadOrRefused(path, `${length} bytes`);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  describe(`the system's wsock32.dll for ${arch}`, () => {
    it("is somebody else's", () => {
      assert.notEqual(readImage(findDll("wsock32.dll", arch)).version.get("ProductName"), productName);
    });
  });
}

function assertReadOrRefused(path: string, what: string): void {
  try {
    readImage(path);
  } catch (error) {
    assert.ok(error instanceof CliError, `${what}: ${error instanceof Error ? error.stack : error}`);
  }
}

function* range(from: number, to: number, step: number): Generator<number> {
  for (let n = from; n < to; n += step) yield n;
}
