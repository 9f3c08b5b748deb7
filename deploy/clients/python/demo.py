"""Shows a dashboard, books, pays and cancels a session, and watches a leaderboard."""

import datetime
import os
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "target/orchard/clients/python/gen"))

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from orchard.consultation.v1 import availability_service_pb2 as availability
from orchard.consultation.v1 import availability_service_pb2_grpc
from orchard.consultation.v1 import booking_service_pb2 as booking
from orchard.consultation.v1 import booking_service_pb2_grpc
from orchard.consultation.v1 import directory_service_pb2 as directory
from orchard.consultation.v1 import directory_service_pb2_grpc
from orchard.consultation.v1 import payment_service_pb2 as payment
from orchard.consultation.v1 import payment_service_pb2_grpc
from orchard.consultation.v1 import session_pb2
from orchard.consultation.v1 import session_service_pb2 as sessions
from orchard.consultation.v1 import session_service_pb2_grpc
from orchard.edge.v1 import edge_service_pb2 as edge
from orchard.edge.v1 import edge_service_pb2_grpc
from orchard.social.v1 import leaderboard_service_pb2 as leaderboard
from orchard.social.v1 import leaderboard_service_pb2_grpc

# Each call has a deadline.
CALL = {"timeout": 10, "metadata": [("authorization", f"Bearer {os.environ['TOKEN']}")]}


def text(money):
    return f"{money.units + money.nanos / 1e9:.2f} {money.currency_code}"


def show_dashboard(channel, plan):
    stub = edge_service_pb2_grpc.EdgeServiceStub(channel)
    dashboard = stub.GetFamilyDashboard(edge.GetFamilyDashboardRequest(family_plan_id=plan), **CALL).dashboard
    print(f"{dashboard.family_name}: {dashboard.active_members} members, wallet {text(dashboard.wallet_balance)}")


def slots(channel):
    """Yields free slots of a fortnight, of the cheapest professional first. From three days on, a client gets all back."""
    search = directory.SearchProfessionalsRequest(sort=directory.PROFESSIONAL_SORT_RATE)
    found = directory_service_pb2_grpc.DirectoryServiceStub(channel).SearchProfessionals(search, **CALL)
    begin = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    for professional in found.professionals:
        request = availability.ListAvailableSlotsRequest(professional_id=professional.professional_id)
        request.from_time.FromDatetime(begin)
        request.to_time.FromDatetime(begin + datetime.timedelta(days=14))
        answer = availability_service_pb2_grpc.AvailabilityServiceStub(channel).ListAvailableSlots(request, **CALL)
        for slot in answer.slots:
            yield professional, slot


def book_pay_and_cancel(channel, plan):
    professional, slot = next(slots(channel))
    request = booking.BookSessionRequest(
        professional_id=professional.professional_id,
        start_time=slot.start_time,
        session_type=session_pb2.SESSION_TYPE_VIDEO,
        price=professional.consultation_rate,
        # The same for each repetition of this request.
        request_id=str(uuid.uuid4()),
    )
    session = booking_service_pb2_grpc.BookingServiceStub(channel).BookSession(request, **CALL).session
    pay = payment.PaySessionRequest(session_id=session.session_id, family_plan_id=plan, price=session.session_cost)
    session = payment_service_pb2_grpc.PaymentServiceStub(channel).PaySession(pay, **CALL).session
    status = session_pb2.PaymentStatus.Name(session.payment_status)
    print(f"{professional.professional_name}, {slot.start_time.ToJsonString()}: {text(session.session_cost)}, {status}")
    cancel = sessions.CancelSessionRequest(session_id=session.session_id, cancel_reason="Only tried")
    session = session_service_pb2_grpc.SessionServiceStub(channel).CancelSession(cancel, **CALL).session
    print(f"given back: {text(session.refunded_amount)}")


def watch(channel, challenge):
    stub = leaderboard_service_pb2_grpc.LeaderboardServiceStub(channel)
    stream = stub.WatchLeaderboard(leaderboard.WatchLeaderboardRequest(challenge_id=challenge, limit=3), **CALL)
    for watched in next(stream).entries:
        print(f"{watched.entry.rank}. {watched.entry.display_name}: {watched.entry.final_score}")
    stream.cancel()


def reason(error):
    """Returns the reason of a refusal, such as SLOT_TAKEN, which programs branch on."""
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(error)
    return info.reason if status and any(detail.Unpack(info) for detail in status.details) else "no reason"


if __name__ == "__main__":
    with grpc.insecure_channel(os.environ["ORCHARD_ADDRESS"]) as channel:
        try:
            show_dashboard(channel, os.environ["PLAN"])
            book_pay_and_cancel(channel, os.environ["PLAN"])
            watch(channel, os.environ["CHALLENGE"])
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()} ({reason(error)})")
