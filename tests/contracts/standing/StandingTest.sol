// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import { RequestId, StandingId } from "../../../contracts/types/Ids.sol";
import { Asked, Question, Questions } from "../../../contracts/types/Question.sol";
import { Quote } from "../../../contracts/types/Quote.sol";
import { Schedule, StandingRequest, StandingStatus, Standings, Under } from "../../../contracts/types/Standing.sol";
import { Request } from "../../../contracts/types/Verdict.sol";
import { AssentTest } from "../base/AssentTest.sol";

contract Token is ERC20 {
    constructor() ERC20("Token", "TKN") { }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice The world of the tests of standing requests: an agreement given, and a question to be asked under it once a day, five times.
abstract contract StandingTest is AssentTest {
    uint32 internal constant FIRST_USE = 10;
    uint32 internal constant ROUNDS = 5;
    uint32 internal constant INTERVAL = 1 days;
    uint32 internal constant WINDOW = 2 hours;

    Schedule internal schedule;
    Question internal question;
    /// What `stand` made.
    StandingRequest internal standing;
    StandingId internal id;

    function setUp() public virtual override {
        super.setUp();
        agreement.terms.price = uint96(FEE / 2);
        give();
        schedule = Schedule({
            start: START + 1 hours, interval: INTERVAL, rounds: ROUNDS, window: WINDOW, inBlocks: false, catchUp: false
        });
        Asked memory parts = asked(FIRST_USE);
        parts.deadline = 0;
        question = Questions.pack(parts);
    }

    /// @dev As its controller, paid with ether.
    function stand() internal {
        Under[] memory under = underOne();
        expectStanding();
        uint256 value = total();
        vm.prank(agreement.controller);
        assent.stand{ value: value }(under, question, schedule);
    }

    /// @dev What the contract is to keep of agreement, question and schedule as they read now.
    function expectStanding() internal {
        standing = StandingRequest(agreementId, agreement.controller, question, expectedQuote(), schedule);
        id = Standings.id(standing);
    }

    function underOne() internal view returns (Under[] memory under) {
        under = new Under[](1);
        under[0] = Under(hasher.sourceId(agreement.source), agreement.terms);
    }

    /// @return The price of one round.
    function price() internal view returns (uint256) {
        return expectedQuote().total();
    }

    function total() internal view returns (uint256) {
        return price() * schedule.rounds;
    }

    /// @return When a round is due, by the schedule's clock.
    function due(uint32 round) internal view returns (uint256) {
        return uint256(schedule.start) + uint256(round) * schedule.interval;
    }

    function openAt(uint32 round) internal returns (RequestId) {
        vm.warp(due(round));
        return assent.openRound(standing, round);
    }

    /// @return The request that a round opened now makes.
    function roundRequest(uint32 round) internal view returns (Request memory) {
        uint40 until = uint40(vm.getBlockTimestamp()) + schedule.window;
        return Request(
            standing.agreement, standing.controller, question.forRound(question.use() + round, until), standing.quote
        );
    }

    /// @dev The default model in a token, and an agreement for it.
    function useToken() internal returns (Token token) {
        token = new Token();
        model.currency = address(token);
        modelId = publishAs(model);
        agreement.terms.model = modelId;
        give();
    }

    function tokenQuote() internal view returns (Quote) {
        return Quote.wrap(Quote.unwrap(expectedQuote()) | uint256(1) << 32);
    }

    function deposit(Token token, uint256 amount) internal {
        token.mint(controller, amount);
        vm.startPrank(controller);
        token.approve(address(assent), amount);
        assent.deposit(controller, address(token), amount);
        vm.stopPrank();
    }

    function assertStatus(bool active, uint32 opened, uint32 next) internal view {
        StandingStatus memory status = assent.standingStatus(id);
        assertEq(status.active, active, "active");
        assertEq(status.opened, opened, "opened");
        assertEq(status.next, next, "next");
    }

    function assertBalance(uint256 wanted) internal view {
        assertEq(assent.balanceOf(controller, address(0)), wanted, "the controller's balance");
    }
}
