// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

// Every id is the EIP-712 struct hash of what it names, so an id fixes its content and no struct needs to be stored. The value types keep one
// kind of id from being passed for another.

type AgreementId is bytes32;
type RecordId is bytes32;
type ModelId is bytes32;
type RequestId is bytes32;

using { agreementIdEquals as == } for AgreementId global;
using { recordIdEquals as == } for RecordId global;
using { modelIdEquals as == } for ModelId global;
using { requestIdEquals as == } for RequestId global;

function agreementIdEquals(AgreementId a, AgreementId b) pure returns (bool) {
    return AgreementId.unwrap(a) == AgreementId.unwrap(b);
}

function recordIdEquals(RecordId a, RecordId b) pure returns (bool) {
    return RecordId.unwrap(a) == RecordId.unwrap(b);
}

function modelIdEquals(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function requestIdEquals(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}
