/** What programs and people can read in the properties of the DLL; `vmmc` recognises our DLL by `productName`. */
export const productName = "vmmc-sockets";

/**
 * The text of a resource script with the DLL's version (Windows' VERSIONINFO), for the target's `windres`. Numbers
 * stand for the constants of winver.h, so that nothing is included, and nothing of this machine gets in.
 * @param dll the DLL's file name
 * @param version the package's version, "1.2.3" with or without a suffix
 */
export function versionResource(dll: string, version: string, description: string): string {
  const numbers = [...version.split(/[-+]/, 1)[0]!.split(".").map(Number), 0, 0, 0].slice(0, 4).join(",");
  const strings = {
    CompanyName: productName,
    FileDescription: description,
    FileVersion: version,
    InternalName: dll,
    OriginalFilename: dll,
    ProductName: productName,
    ProductVersion: version,
  };
  const VOS_NT_WINDOWS32 = 0x40004;
  const VFT_DLL = 2;
  const US_ENGLISH_IN_UTF16 = { language: 0x409, codePage: 1200 };
  const { language, codePage } = US_ENGLISH_IN_UTF16;
  const block = `${language.toString(16).padStart(4, "0")}${codePage.toString(16).padStart(4, "0")}`;
  return [
    "1 VERSIONINFO",
    `FILEVERSION ${numbers}`,
    `PRODUCTVERSION ${numbers}`,
    `FILEOS ${VOS_NT_WINDOWS32}`,
    `FILETYPE ${VFT_DLL}`,
    "BEGIN",
    '  BLOCK "StringFileInfo"',
    "  BEGIN",
    `    BLOCK "${block}"`,
    "    BEGIN",
    ...Object.entries(strings).map(([name, value]) => `      VALUE ${JSON.stringify(name)}, ${JSON.stringify(value)}`),
    "    END",
    "  END",
    '  BLOCK "VarFileInfo"',
    "  BEGIN",
    `    VALUE "Translation", ${language}, ${codePage}`,
    "  END",
    "END",
    "",
  ].join("\n");
}
