// The clients of the edge, and what its refusals say.
import { type DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { EdgeService } from "../gen/orchard/edge/v1/edge_service_pb";
import { AvailabilityService } from "../gen/orchard/consultation/v1/availability_service_pb";
import { DirectoryService } from "../gen/orchard/consultation/v1/directory_service_pb";
import { SearchService } from "../gen/orchard/recipe/v1/search_service_pb";
import { LeaderboardService } from "../gen/orchard/social/v1/leaderboard_service_pb";
import { notice } from "./dom";

export interface Calls {
  edge: Client<typeof EdgeService>;
  boards: Client<typeof LeaderboardService>;
  directory: Client<typeof DirectoryService>;
  slots: Client<typeof AvailabilityService>;
  recipes: Client<typeof SearchService>;
}

/** Clients that call as the token's user. */
export function calls(token: string): Calls {
  const asUser: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const transport = createGrpcWebTransport({ baseUrl: location.origin, interceptors: [asUser] });
  const client = <T extends DescService>(service: T): Client<T> => createClient(service, transport);
  return {
    edge: client(EdgeService),
    boards: client(LeaderboardService),
    directory: client(DirectoryService),
    slots: client(AvailabilityService),
    recipes: client(SearchService),
  };
}

/** Does something for the user, and says why if that fails. */
export async function attempt(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (signal.aborted) return;
    const { code, rawMessage } = ConnectError.from(error);
    notice(`${what}: ${rawMessage} (${Code[code]})`, true);
  }
}
