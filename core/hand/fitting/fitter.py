"""Fits a hand to points: Levenberg-Marquardt over pose, shape and place."""

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core.conventions import BETA_COUNT, BONES, JOINT_COUNT
from core.geometry.camera import Camera
from core.geometry.rotation import MIRROR, angle_between_rad
from core.hand.fitting.chain import HandState, JointChain
from core.hand.fitting.placing import rough_places
from core.hand.fitting.prior import PosePrior, pose_prior
from core.hand.fitting.problem import FitProblem
from core.hand.fitting.solver import Solution, minimise
from core.hand.fitting.target import Fit, FitTarget
from core.hand.hand_model import HandMesh, HandModel, ManoParameters

#: Steps from a given start: a drag needs some five, a jump across the photo twenty.
_MAX_ITERATIONS = 40

# Without a start: so many hands that stand differently are fitted loosely, the best of them
# tighter, and the result is the best of those. `docs/annotate.md` has what each buys.
_STARTS, _FINALISTS = 8, 2
_DIFFERENT_RAD = 0.4
_LOOSE_ITERATIONS, _CLOSER_ITERATIONS = 10, 20
#: The largest weight (1/px) on the way: exact points make narrow valleys that end before the goal.
_LOOSE, _CLOSER = 0.3, 2.0

_PARENTS, _CHILDREN = np.array(BONES).T


class HandFitter:
    """Fits hands of one model, of either side.

    The other side's hands are fitted in the mirror (`HandModel.of_side`): one prior, one chain.
    """

    def __init__(self, hand_model: HandModel, prior: PosePrior | None = None) -> None:
        """`prior` is the model's own (`pose_prior`) unless another is given."""
        self._hand_model = hand_model
        self._prior = pose_prior(hand_model) if prior is None else prior
        self._chain = JointChain(hand_model)

    @property
    def prior(self) -> PosePrior:
        """What poses are thought likely, for the model's own side."""
        return self._prior

    def posed(self, mano: ManoParameters, *, is_right: bool) -> HandMesh:
        """The whole hand: vertices and joints."""
        return self._hand_model.of_side(is_right).pose(mano)

    def joints_mm(self, mano: ManoParameters, *, is_right: bool) -> np.ndarray:
        """The joints (21, 3) alone, several times faster."""
        is_own_side = is_right == self._hand_model.is_right
        joints_mm = self._chain.joints_mm(HandState.of(mano if is_own_side else mano.mirrored()))
        return joints_mm if is_own_side else joints_mm * MIRROR

    def bends_too_far(self, mano: ManoParameters, *, is_right: bool) -> bool:
        """Whether a joint is turned further than in any hand that the prior knows."""
        own = mano if is_right == self._hand_model.is_right else mano.mirrored()
        return bool(self._prior.beyond_limits_rad(own.hand_pose_rad).any())

    def fit(self, target: FitTarget, start: ManoParameters | None, *, is_right: bool) -> Fit:
        """Fit a hand to `target`.

        Args:
            target: Where joints are wanted.
            start: The hand to begin with: in a drag the fit before, else the label or the
                prediction. None is the mean hand, looked for from all sides (some 0.2 s).
            is_right: Side of the hand.

        Raises:
            ValueError: `start` is not a hand before the camera, all of it finite.
        """
        begin_s = time.perf_counter()
        is_own_side = is_right == self._hand_model.is_right
        own = target if is_own_side else mirrored_target(target)
        if start is None:
            first, solution = self._search(own)
        else:
            first = HandState.of(start if is_own_side else start.mirrored())
            if own.betas is not None:
                first = replace(first, betas=own.betas)
            problem = FitProblem(self._chain, self._prior, own)
            begin = problem.at(first)
            if not np.isfinite(begin.cost):
                raise ValueError("the fit's start is no hand before the camera")
            solution = minimise(problem, begin, max_iterations=_MAX_ITERATIONS)
        found = solution.state.parameters()
        mano = found if is_own_side else found.mirrored()
        bones_mm = bone_lengths_mm(self._chain.joints_mm(first))
        return self._result(target, mano, bones_mm, solution, is_right, begin_s)

    def mean_hand(self, target: FitTarget, *, is_right: bool) -> ManoParameters:
        """The mean hand, as stiff as it is, where it is nearest to the target's points."""
        is_own_side = is_right == self._hand_model.is_right
        own = target if is_own_side else mirrored_target(target)
        poses = self._prior.mean_rad[None]
        mano = rough_places(self._chain, poses, _first_betas(own), own)[0].parameters()
        return mano if is_own_side else mano.mirrored()

    def _search(self, target: FitTarget) -> tuple[HandState, Solution]:
        """The best of several starts, and the start that it came from."""
        postures = self._prior.postures_rad
        places = rough_places(self._chain, postures, _first_betas(target), target)
        problem = FitProblem(self._chain, self._prior, target)
        starts = _different(place for place in places if np.isfinite(problem.at(place).cost))
        if not starts:
            raise ValueError("no hand before the camera is near these points")
        tried = self._from_each(target, starts, _LOOSE, _LOOSE_ITERATIONS)
        order = sorted(range(len(tried)), key=lambda index: tried[index].cost)[:_FINALISTS]
        closer = self._from_each(
            target, [tried[index].state for index in order], _CLOSER, _CLOSER_ITERATIONS
        )
        final = self._from_each(target, [one.state for one in closer], np.inf, _MAX_ITERATIONS)
        best = min(range(len(final)), key=lambda index: final[index].cost)
        iterations = sum(one.iterations for one in (*tried, *closer, *final))
        return starts[order[best]], replace(final[best], iterations=iterations)

    def _from_each(
        self, target: FitTarget, starts: list[HandState], most: float, max_iterations: int
    ) -> list[Solution]:
        """Minima near each start, the points' weights scaled so that the largest is `most`."""
        largest = target.weights_px.max()
        if target.weights_mm is not None:
            largest = max(largest, target.weights_mm.max())
        share = min(1.0, most / largest) if largest > 0 else 1.0
        weights_mm = None if target.weights_mm is None else target.weights_mm * share
        looser = replace(target, weights_px=target.weights_px * share, weights_mm=weights_mm)
        problem = FitProblem(self._chain, self._prior, looser)
        begins = [problem.at(start) for start in starts]
        return [minimise(problem, begin, max_iterations=max_iterations) for begin in begins]

    def _result(
        self,
        target: FitTarget,
        mano: ManoParameters,
        first_bones_mm: np.ndarray,
        solution: Solution,
        is_right: bool,
        begin_s: float,
    ) -> Fit:
        mesh = self.posed(mano, is_right=is_right)
        keypoints_px = target.camera.project(mesh.joints_mm)
        residuals_px = np.linalg.norm(keypoints_px - target.keypoints_px, axis=1)
        residuals_mm = np.full(JOINT_COUNT, np.nan)
        if target.joints_mm is not None:
            off_mm = np.linalg.norm(mesh.joints_mm - target.joints_mm, axis=1)
            residuals_mm = np.where(target.weights_mm > 0, off_mm, np.nan)
        return Fit(
            mano=mano,
            mesh=mesh,
            keypoints_px=keypoints_px,
            residuals_px=np.where(target.weights_px > 0, residuals_px, np.nan),
            residuals_mm=residuals_mm,
            bone_change=bone_lengths_mm(mesh.joints_mm) / first_bones_mm - 1,
            iterations=solution.iterations,
            milliseconds=(time.perf_counter() - begin_s) * 1000,
            is_converged=solution.is_converged,
        )


def bone_lengths_mm(joints_mm: np.ndarray) -> np.ndarray:
    """Lengths (20,) of `core.conventions.BONES` of joints (21, 3)."""
    return np.linalg.norm(joints_mm[_CHILDREN] - joints_mm[_PARENTS], axis=1)


def mirrored_target(target: FitTarget) -> FitTarget:
    """What the target is in the mirror across x = 0: the photo's x axis points left there."""
    flip = np.diag(MIRROR)
    return replace(
        target,
        camera=Camera(flip @ target.camera.intrinsics @ flip),
        keypoints_px=target.keypoints_px * MIRROR[:2],
        joints_mm=None if target.joints_mm is None else target.joints_mm * MIRROR,
        anchor=None if target.anchor is None else target.anchor.mirrored(),
    )


def _first_betas(target: FitTarget) -> np.ndarray:
    if target.betas is not None:
        return target.betas
    return np.zeros(BETA_COUNT) if target.anchor is None else np.array(target.anchor.betas, float)


def _different(states: Iterable[HandState]) -> list[HandState]:
    """The first few that are in another posture or stand otherwise than those before."""
    chosen: list[HandState] = []
    for state in states:
        alike = [one for one in chosen if np.array_equal(one.hand_pose_rad, state.hand_pose_rad)]
        if all(angle_between_rad(state.orient, one.orient) > _DIFFERENT_RAD for one in alike):
            chosen.append(state)
        if len(chosen) == _STARTS:
            break
    return chosen
