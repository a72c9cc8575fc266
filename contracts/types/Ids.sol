// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

// Every id is the hash of what it names, so an id fixes its content and no struct needs to be stored. What is hashed has a tag of its type in
// it, and a pool's id its kind, so that none can be an id of another kind; the value types keep one from being passed for another.

type AgreementId is bytes32;
type SourceId is bytes32;
type TermsId is bytes32;
type RecordId is bytes32;
type ModelId is bytes32;
type RequestId is bytes32;
type StandingId is bytes32;
type PoolId is bytes32;

using { agreementIdEquals as == } for AgreementId global;
using { recordIdEquals as == } for RecordId global;
using { modelIdEquals as ==, modelIdDiffers as != } for ModelId global;
using { requestIdEquals as ==, requestIdDiffers as != } for RequestId global;

function agreementIdEquals(AgreementId a, AgreementId b) pure returns (bool) {
    return AgreementId.unwrap(a) == AgreementId.unwrap(b);
}

function recordIdEquals(RecordId a, RecordId b) pure returns (bool) {
    return RecordId.unwrap(a) == RecordId.unwrap(b);
}

function modelIdEquals(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function modelIdDiffers(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) != ModelId.unwrap(b);
}

function requestIdEquals(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}

function requestIdDiffers(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) != RequestId.unwrap(b);
}
