const user = ["user-level"];
const kernel = ["rule"];

/** Rules, and what they make of pingpong.exe's connection to a port of 127.0.0.1 from 15000 to 31999. */
export const rightRules: readonly (readonly [rules: string, becomes: readonly string[]])[] = [
  ["kernel", kernel],
  ["user-level", user],
  ["kernel port 1-14999; kernel port 32000-65535", user],
  ["kernel port 15000-31999", kernel],
  ["user-level port 15000-31999; kernel", user],
  ["kernel address 127.0.0.1", kernel],
  ["kernel address 127.0.0.0/8", kernel],
  ["kernel address 127.0.0.2; kernel address 10.0.0.0/8", user],
  ["kernel address 0.0.0.0/0", kernel],
  ["Kernel Program PingPong.EXE", kernel],
  ["kernel program pong.exe; kernel program other.exe", user],
  ["  user-level\tprogram pingpong.exe  port 15000-31999 address 127.0.0.1 ;; kernel", user],
];

/** Rules that cannot be understood. */
export const wrongRules: readonly string[] = [
  "kernal",
  "kernel port",
  "kernel port x",
  "kernel port 9-8",
  "kernel port 65536",
  "kernel port 1-",
  "kernel address 1.2.3",
  "kernel address 1.2.3.4/33",
  "kernel address 1.2.3.4x",
  "kernel program",
  "kernel weather fine",
  "user",
  "user-leve1",
];
