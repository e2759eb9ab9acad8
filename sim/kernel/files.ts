import type { Memory, Region } from "../machine/memory.js";
import type { SimProcess } from "../machine/process.js";

/** A segment's file. */
export class SegmentFile {
  /** Processes that have it mapped: how often. */
  readonly mappedBy = new Map<SimProcess, number>();
  handles = 0;
  /** Its name goes, or has gone: nobody can open it any more. */
  nameless = false;

  constructor(
    readonly name: string,
    readonly region: Region,
    readonly bytes: number,
    readonly creator: SimProcess,
  ) {}
}

/** An open segment file. */
export class FileHandle {
  constructor(
    readonly file: SegmentFile,
    /** The name goes when this handle is closed. */
    readonly deletesOnClose: boolean,
  ) {}
}

/**
 * The user's folder: the directory and the segments. A part of a segment can be touched by a process that has it mapped,
 * once storage has been allocated for that part.
 */
export class Files {
  directory: Region | undefined;
  /** Segments that have a name, or are mapped still. */
  readonly segments = new Map<string, SegmentFile>();
  created = 0;
  private readonly allocated = new Map<SegmentFile, [number, number][]>();

  constructor(private readonly memory: Memory) {}

  mapDirectory(process: SimProcess, bytes: number): number {
    this.directory ??= this.memory.allocate("directory", bytes, -1);
    if (this.directory.bytes < bytes) return 0;
    this.memory.admit(this.directory, process.index);
    process.mappings.set(this.directory.address, 1);
    return this.directory.address;
  }

  /** undefined: there is a file of that name. */
  create(process: SimProcess, name: string, bytes: number): FileHandle | undefined {
    if (this.segments.has(name)) return undefined;
    const region = this.memory.allocate("segment", bytes, -1);
    region.name = `segment ${++this.created}`;
    const file = new SegmentFile(name, region, bytes, process);
    this.segments.set(name, file);
    this.allocated.set(file, []);
    return this.opened(process, file, false);
  }

  /** undefined: there is none, or its name is about to go. */
  open(process: SimProcess, name: string): FileHandle | undefined {
    const file = this.segments.get(name);
    return file === undefined || file.nameless ? undefined : this.opened(process, file, true);
  }

  private opened(process: SimProcess, file: SegmentFile, deletesOnClose: boolean): FileHandle {
    file.handles++;
    file.mappedBy.set(process, (file.mappedBy.get(process) ?? 0) + 1);
    for (const [from, to] of this.allocated.get(file)!) this.admit(file, process, from, to);
    return new FileHandle(file, deletesOnClose);
  }

  private admit(file: SegmentFile, process: SimProcess, from: number, to: number): void {
    this.memory.admit({ ...file.region, address: file.region.address + from, bytes: to - from }, process.index);
  }

  /** Storage for a part of the file, filled with zeros. */
  allocate(file: SegmentFile, offset: number, bytes: number): void {
    this.allocated.get(file)!.push([offset, offset + bytes]);
    this.memory.u8.fill(0, file.region.address + offset, file.region.address + offset + bytes);
    for (const process of file.mappedBy.keys()) this.admit(file, process, offset, offset + bytes);
  }

  /** False: the process does not have it mapped. */
  unmap(process: SimProcess, file: SegmentFile): boolean {
    const times = file.mappedBy.get(process) ?? 0;
    if (times === 0) return false;
    if (times > 1) file.mappedBy.set(process, times - 1);
    else {
      file.mappedBy.delete(process);
      this.memory.exclude(file.region, process.index);
    }
    return true;
  }

  close(handle: FileHandle): void {
    handle.file.handles--;
    if (handle.deletesOnClose) handle.file.nameless = true;
    this.forget(handle.file);
  }

  remove(name: string): void {
    const file = this.segments.get(name);
    if (file === undefined) return;
    file.nameless = true;
    this.forget(file);
  }

  private forget(file: SegmentFile): void {
    if (file.nameless && file.handles === 0) this.segments.delete(file.name);
  }
}
