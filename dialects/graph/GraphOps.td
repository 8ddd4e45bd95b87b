// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All ops of the dialect, in teaching order.

include "costate/dialects/graph/ElementwiseOps.td"
include "costate/dialects/graph/ReductionOps.td"
include "costate/dialects/graph/ContractionOps.td"
include "costate/dialects/graph/LayoutOps.td"
include "costate/dialects/graph/IndexingOps.td"
include "costate/dialects/graph/FactorizationOps.td"
include "costate/dialects/graph/RandomOps.td"
include "costate/dialects/graph/ExternOps.td"
include "costate/dialects/graph/RequestOps.td"
include "costate/dialects/graph/CollectiveOps.td"
