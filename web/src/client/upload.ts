import { Problem, Unreachable } from "./problem";

/** Sends files with news of how much has gone (fetch tells none), as the field `files`. */
export function upload<T>(
  path: string,
  files: { name: string; file: File }[],
  progress: (share: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const { name, file } of files) form.append("files", file, name);
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-Ipse", "1");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(new Unreachable());
    request.onload = () =>
      request.status < 300
        ? resolve(request.response)
        : reject(new Problem(request.status, request.response ?? {}));
    request.send(form);
  });
}
