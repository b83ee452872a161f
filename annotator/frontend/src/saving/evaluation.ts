/** Requests about how good networks are. */
import type { WireEvaluation } from "../document/evaluation";
import { request } from "./api";
import type { Api } from "./api";

export class EvaluationApi {
  readonly root: string;

  constructor(api: Pick<Api, "root">) {
    this.root = `${api.root}/evaluation`;
  }

  /** What is known by now; asking begins what is not. */
  look(): Promise<WireEvaluation> {
    return request(this.root);
  }
}
