// Shows a dashboard, books, pays and cancels a session, and watches a leaderboard.
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { AvailabilityService } from "./gen/orchard/consultation/v1/availability_service_pb";
import { BookingService } from "./gen/orchard/consultation/v1/booking_service_pb";
import { DirectoryService, ProfessionalSort } from "./gen/orchard/consultation/v1/directory_service_pb";
import { PaymentService } from "./gen/orchard/consultation/v1/payment_service_pb";
import { PaymentStatus, SessionType } from "./gen/orchard/consultation/v1/session_pb";
import { SessionService } from "./gen/orchard/consultation/v1/session_service_pb";
import { EdgeService } from "./gen/orchard/edge/v1/edge_service_pb";
import { ErrorInfoSchema } from "./gen/google/rpc/error_details_pb";
import type { Money } from "./gen/google/type/money_pb";
import { LeaderboardService } from "./gen/orchard/social/v1/leaderboard_service_pb";

/** In milliseconds. */
const DAY = 24 * 3600 * 1000;
const { ORCHARD_ADDRESS, TOKEN, PLAN: familyPlanId, CHALLENGE: challengeId } = process.env;

const asUser: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${TOKEN}`);
  return next(request);
};
// Each call has a deadline.
const transport = createGrpcTransport({ baseUrl: `http://${ORCHARD_ADDRESS}`, interceptors: [asUser], defaultTimeoutMs: 10_000 });

const text = (money?: Money) => (money ? `${(Number(money.units) + money.nanos / 1e9).toFixed(2)} ${money.currencyCode}` : "none");

async function showDashboard(): Promise<void> {
  const { dashboard } = await createClient(EdgeService, transport).getFamilyDashboard({ familyPlanId });
  console.log(`${dashboard?.familyName}: ${dashboard?.activeMembers} members, wallet ${text(dashboard?.walletBalance)}`);
}

/** Returns a free slot of a fortnight, of the cheapest professional who has one. From three days on, a client gets all back. */
async function findSlot() {
  const { professionals } = await createClient(DirectoryService, transport).searchProfessionals({ sort: ProfessionalSort.RATE });
  const [fromTime, toTime] = [3, 17].map((days) => timestampFromMs(Date.now() + days * DAY));
  for (const professional of professionals) {
    const request = { professionalId: professional.professionalId, fromTime, toTime };
    const [slot] = (await createClient(AvailabilityService, transport).listAvailableSlots(request)).slots;
    if (slot?.startTime) return { professional, startTime: slot.startTime };
  }
  throw new Error("nobody has a free slot");
}

async function bookPayAndCancel(): Promise<void> {
  const { professional, startTime } = await findSlot();
  const booked = await createClient(BookingService, transport).bookSession({
    professionalId: professional.professionalId,
    startTime,
    sessionType: SessionType.VIDEO,
    price: professional.consultationRate,
    // The same for each repetition of this request.
    requestId: crypto.randomUUID(),
  });
  const { sessionId, sessionCost: price } = booked.session!;
  const { session } = await createClient(PaymentService, transport).paySession({ sessionId, familyPlanId, price });
  const status = PaymentStatus[session!.paymentStatus];
  console.log(`${professional.professionalName}, ${timestampDate(startTime).toISOString()}: ${text(price)}, ${status}`);
  const cancelled = await createClient(SessionService, transport).cancelSession({ sessionId, cancelReason: "Only tried" });
  console.log(`given back: ${text(cancelled.session?.refundedAmount)}`);
}

async function watch(): Promise<void> {
  for await (const change of createClient(LeaderboardService, transport).watchLeaderboard({ challengeId, limit: 3 })) {
    for (const { entry } of change.entries) console.log(`${entry?.rank}. ${entry?.displayName}: ${entry?.finalScore}`);
    // Leaving the loop cancels the call.
    break;
  }
}

try {
  await showDashboard();
  await bookPayAndCancel();
  await watch();
  process.exit(0);
} catch (error) {
  const refusal = ConnectError.from(error);
  // The reason of a refusal, such as SLOT_TAKEN, is what programs branch on.
  const [info] = refusal.findDetails(ErrorInfoSchema);
  console.error(`${Code[refusal.code]}: ${refusal.rawMessage} (${info?.reason ?? "no reason"})`);
  process.exit(1);
}
